// Package indicator defines the numbers that the authority answers for: what each
// event counts for, and how I-01 to I-20 are divided out of these counts.
//
// Everything is a sum of signed counts, so that any slice adds up to the whole,
// and nothing is a fraction before it is shown: a rate is a pair of whole numbers,
// a duration a histogram of whole days. A definition has a version; who changes
// one makes the next, and the old one stays.
package indicator
