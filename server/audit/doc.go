// Package audit refuses to let anything happen unrecorded: a record is in the
// kernel before Append returns, and a log that cannot be written, that is not
// whole, or that another server holds, is an error and never a shorter log.
//
// The log is a directory of files audit-00000001.jsonl, audit-00000002.jsonl and
// so on, one JSON object a line, with the fields of rootgate.v1.AuditRecord. Each
// line ends in "h", the SHA-256 over the previous record's hash and the line's own
// bytes before it, so that the hash of the last record (Writer.Head) stands for
// the whole log. The chain has no secret: whoever may write the directory can
// make a new log that is whole in itself. Only a head kept elsewhere tells it
// from the old one, and only a head tells a log from its own beginning.
//
// Writer writes, one process at a time. Reader reads and believes; Verify reads
// and believes nothing, and shares no code with the encoder. Values of the
// environment and bytes of standard input have no field here, so they cannot be
// logged.
package audit
