//! Where the configuration lies, what it says, and what outranks what.
