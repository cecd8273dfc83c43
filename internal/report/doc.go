// Package report turns results into text for people and records for scripts.
//
//	results ──▶ Drain ──▶ Reporter ──▶ screen ──▶ sinks
//	channel     drain.go  lines.go …   screen.go  stdout, files
//	                 └──▶ messages ────┘ └──────▶ stderr, with the bar
//
// One loop, that of [Drain], writes everything: no line is torn and no lock is
// needed. A format is a [Reporter]: one file, one constructor and one line in
// [Formats]. Text from a server is escaped before it reaches a terminal
// (escape.go). recordwriter.go writes the JSON record, and record.go reads it back.
package report
