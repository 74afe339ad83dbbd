"""The queue of deliveries to sinks, written in the transaction of the change it reports."""
