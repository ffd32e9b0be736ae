//! From files, JSON and parameters to one request value that knows where its parts came from.
