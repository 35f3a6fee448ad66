package view

// Queue is a list of what waits for somebody's decision, or one of it with its form.
type Queue struct {
	Base, News, None, More string
	Tabs                   []Part
	Faults                 []Wrong
	Items                  []QueueItem
	Form                   *Form // of the one item of a page of its own
	MayNot                 string
}

// QueueItem is one of them: what it is about, the entries side by side, and what
// was decided.
type QueueItem struct {
	To, Title, When, Lead string
	Facts                 []Row
	Links                 []Part
	Sides                 []Card
	Done                  []Row
}
