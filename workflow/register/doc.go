// Package register knows what an entry of the merchant register is: its fields,
// how two entries are found to be one merchant, and under which words an entry is
// found. It is pure and knows no database; the register lies beside the log and is
// no part of it.
//
// Names are compared folded ([Fold]): width, case, blanks and signs do not count.
// What a person must settle is never settled here: [Judge] says same, new, or
// doubtful. Start reading at [Merchant].
package register
