// Package workflow is the law of a consumer complaint: pure, without a clock,
// a file, a row or an environment of its own.
//
// Start with transitions.go: the whole procedure as one table. Decide asks the
// table what a command does to a case and answers with events or with a
// Refusal; Apply folds one event into the case; Due says which deadline has run
// out and must be enforced before anything else. Nothing else changes a case.
//
//	Command ─► Due … ─► Decide ─► []Event ─► Apply ─► Case
//
// Every event carries its effects in full (state, attributes, clocks, notices),
// so that the log can be refolded by somebody who knows nothing of this
// package. Instants are UTC, cut to microseconds; legal days are calendar.Date,
// the day in China.
package workflow
