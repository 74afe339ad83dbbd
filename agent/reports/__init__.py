"""Reports for people: fault statistics, handling scores and claims, as pages, CSV and PDF."""
