"""A broker in memory that keeps Kafka's rules of transactions and consumer groups."""
