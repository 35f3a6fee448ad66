package handlers

import (
	"context"
	"errors"
	"time"

	"fangxin/store"
)

// notesMost bounds a note, in bytes: about five thousand Chinese characters.
const notesMost = 16 << 10

type newNote struct {
	Words string `json:"words"`
}

// noteView is an internal note: parties, mediators and courts never see one.
type noteView struct {
	No     int64     `json:"no"`
	Author string    `json:"author"`
	At     time.Time `json:"at"`
	Words  string    `json:"words"`
}

type notesView struct {
	Notes []noteView `json:"notes"`
}

func (s *Server) notes(ctx context.Context, c *Call) (any, error) {
	all, err := s.Store.Notes(ctx, c.Param("number"))
	out := notesView{Notes: []noteView{}}
	for _, n := range all {
		out.Notes = append(out.Notes, noteView(n))
	}
	return out, err
}

func (s *Server) addNote(ctx context.Context, c *Call) (any, error) {
	var in newNote
	if err := strict(c.Body, &in); err != nil {
		return nil, err
	}
	if in.Words == "" || len(in.Words) > notesMost {
		return nil, badField("words", "why.note")
	}
	number := c.Param("number")
	n, err := s.Store.AddNote(ctx, store.Once{Scope: "note/" + number + "/" + c.User.Name, Key: c.Key, Asked: in}, number, c.User.Name, in.Words)
	if errors.Is(err, store.ErrUnclean) {
		return nil, badField("words", "why.text")
	}
	return noteView(n), err
}
