"""The contract on the topics: declarations, schemas, AsyncAPI document."""
