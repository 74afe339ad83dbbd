"""Evidence for disputes: collected when a fault begins and ends, exported as one bundle."""
