"""Whether people have marked a number as a nuisance, as a fact of the number."""
