//! From a response to rows: which columns, in which order.
