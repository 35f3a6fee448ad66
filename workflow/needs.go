package workflow

// Needs lists the input fields that a guard rests on; none for a guard that
// asks the case alone. Fields of the people are written with a dot.
func Needs(guard string) []string { return guardOf(guard).needs }
