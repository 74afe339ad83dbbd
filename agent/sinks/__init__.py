"""One file per ticket or chat system, and the dispatcher that feeds them."""
