package workflow

// New is a case that has not been filed.
func New(kind Kind, id int64, number string) Case {
	return Case{Kind: kind, ID: id, Number: number, Facts: Facts{}}
}

// Apply folds one event into the case. It never changes its argument, needs no
// law, and leaves Head to whoever chains the event.
func Apply(c Case, e Event) Case {
	c = c.Clone()
	c.Version, c.At, c.State = e.Seq, e.At, e.Data.To
	for name, value := range e.Data.Set {
		c.assign(name, value)
	}
	for _, op := range e.Data.Clocks {
		c.applyClock(op, e.Seq)
	}
	for _, op := range e.Data.Notices {
		c.applyNotice(op, e.Seq)
	}
	return c
}

func (c *Case) assign(name, value string) {
	if field := c.attribute(name); field != nil {
		*field = value
		return
	}
	if value == "" {
		delete(c.Facts, name)
		return
	}
	c.Facts[name] = value
}

func (c *Case) applyClock(op ClockOp, seq int64) {
	if op.Op == "start" {
		c.Clocks = append(c.Clocks, *op.Clock)
		c.Last.Clock = op.No
		return
	}
	k := c.ClockNo(op.No)
	if op.Clock != nil {
		*k = *op.Clock
		return
	}
	switch op.Op {
	case "decide":
		k.Decided = seq
	case "pause":
		k.PausedOn = op.On
	}
	if !op.State.Open() {
		k.Was, k.Ended = k.State, seq
	}
	k.State = op.State
}

func (c *Case) applyNotice(op NoticeOp, seq int64) {
	if op.Op == "owe" {
		c.Notices = append(c.Notices, Notice{No: op.No, To: op.To, Kind: op.Kind, Seq: seq})
		c.Last.Notice = op.No
		return
	}
	for i := range c.Notices {
		if c.Notices[i].No != op.No {
			continue
		}
		switch op.Op {
		case "told":
			c.Notices[i].Told = true
		case "delivered":
			c.Notices = append(c.Notices[:i:i], c.Notices[i+1:]...)
		}
		return
	}
}
