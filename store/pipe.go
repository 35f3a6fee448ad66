package store

import (
	"encoding/binary"
	"time"
)

// pipe is one pipeline as PostgreSQL reads it: Bind and Execute of prepared
// statements, and Sync. The driver's own batch encodes every array by
// reflection into room that it throws away; here a group of a megabyte is
// written once, into the room of the group before it.
// https://www.postgresql.org/docs/15/protocol-message-formats.html
type pipe struct {
	b     []byte
	start int // of the message that is open
}

// PostgreSQL's types, by the numbers of its catalogue.
const (
	oidBool        = 16
	oidBytea       = 17
	oidInt8        = 20
	oidText        = 25
	oidTimestamptz = 1184
)

// epoch is where PostgreSQL's timestamps count from, in microseconds of Unix.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func (p *pipe) open(kind byte) {
	p.b = append(p.b, kind)
	p.start = len(p.b)
	p.int32(0)
}

func (p *pipe) shut() { binary.BigEndian.PutUint32(p.b[p.start:], uint32(len(p.b)-p.start)) }

func (p *pipe) int16(n int) { p.b = binary.BigEndian.AppendUint16(p.b, uint16(n)) }
func (p *pipe) int32(n int) { p.b = binary.BigEndian.AppendUint32(p.b, uint32(n)) }

// call binds a prepared statement to columns, binary all of them, and runs it.
func (p *pipe) call(name string, columns ...any) {
	p.open('B')
	p.b = append(append(append(p.b, 0), name...), 0)
	p.int16(1)
	p.int16(1)
	p.int16(len(columns))
	for _, c := range columns {
		p.column(c)
	}
	p.int16(0)
	p.shut()
	p.open('E')
	p.b = append(p.b, 0)
	p.int32(0)
	p.shut()
}

func (p *pipe) sync() {
	p.open('S')
	p.shut()
}

// column appends one parameter: a column of the group's rows, or one instant.
func (p *pipe) column(column any) {
	at := len(p.b)
	p.int32(0)
	switch v := column.(type) {
	case []int64:
		p.head(oidInt8, len(v))
		for _, n := range v {
			p.int64(n)
		}
	case []string:
		p.head(oidText, len(v))
		for _, s := range v {
			p.int32(len(s))
			p.b = append(p.b, s...)
		}
	case [][]byte:
		p.head(oidBytea, len(v))
		for _, s := range v {
			p.int32(len(s))
			p.b = append(p.b, s...)
		}
	case []bool:
		p.head(oidBool, len(v))
		for _, x := range v {
			p.int32(1)
			p.b = append(p.b, 0)
			if x {
				p.b[len(p.b)-1] = 1
			}
		}
	case []time.Time:
		p.head(oidTimestamptz, len(v))
		for i := range v {
			p.int64(v[i].UnixMicro() - epoch)
		}
	case []*time.Time:
		p.head(oidTimestamptz, len(v))
		for _, t := range v {
			if t == nil {
				p.int32(-1)
				continue
			}
			p.int64(t.UnixMicro() - epoch)
		}
	case time.Time:
		p.b = binary.BigEndian.AppendUint64(p.b, uint64(v.UnixMicro()-epoch))
	default:
		panic("store: a column of a kind that no statement takes")
	}
	binary.BigEndian.PutUint32(p.b[at:], uint32(len(p.b)-at-4))
}

func (p *pipe) int64(n int64) {
	p.int32(8)
	p.b = binary.BigEndian.AppendUint64(p.b, uint64(n))
}

// head begins an array of one dimension, from index 1; nulls may be in it.
func (p *pipe) head(oid, n int) {
	for _, x := range [...]int{1, 1, oid, n, 1} {
		p.int32(x)
	}
}
