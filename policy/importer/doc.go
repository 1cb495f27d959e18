// Package importer turns the allow-lists of other programs into policies.
//
// It refuses to carry a hole over. A line of the source that cannot be held to
// what its author meant is written as a comment, with a command line that
// proves the point; a live rule never allows a request that its source line
// denies. Whatever it leaves out or narrows is in the report, line by line.
//
// The package is pure: it is given bytes and returns bytes.
package importer
