// Package store remembers. It is the only room that knows SQL, and Execute is
// the only door through which a case changes: one grouped transaction writes the
// events with their hashes, the projection, clocks, owed notices, statistics and
// the answer that a repeated request gets again.
//
// door.go gathers callers into groups and answers them after the commit;
// group.go decides a group in memory; rows.go is what it writes; postgres.go and
// sqlite.go put the rows into a database. Everything else reads.
package store
