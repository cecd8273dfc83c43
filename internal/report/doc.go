// Package report turns results into what people and scripts read.
//
//	results ──▶ Drain ──▶ Reporter ──▶ stdout and stderr
//	channel     drain.go  text.go json.go raw.go …
//
// One loop writes everything, so that nothing tears and no lock is needed. A
// format is a [Reporter]: one file, one constructor and one line in formats.
// Nothing that a server sent reaches a terminal unescaped (escape.go).
package report
