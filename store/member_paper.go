package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"fangxin/workflow"
	"fangxin/workflow/register"
)

// Paper is a paper of an application as it is read, opened.
type Paper struct {
	No      int64     `json:"no"`
	Kind    string    `json:"kind"`
	Name    string    `json:"name"`
	Digest  string    `json:"sha256,omitempty"` // hexadecimal
	Note    string    `json:"note,omitempty"`
	File    string    `json:"file,omitempty"` // id of its file; empty: shown at the office
	Actor   string    `json:"actor"`
	Created time.Time `json:"created_at"`
}

// paperBox is the sealed part. The name of a paper that is a file is the file's, and
// goes with it.
type paperBox struct{ Name, Note string }

// paperTerm is how long the files of papers are kept when a membership is over: for
// whoever must look again at why.
const paperTerm = 30 * 24 * time.Hour

// paperMost is how many papers a membership may have beside those that are files.
const paperMost = 100

func (b *book) addPapers(m *member, by By, all []NewPaper, draft []byte) error {
	if len(all) == 0 {
		return nil
	}
	keys, err := b.keysOf([]int64{m.merchantID})
	if err != nil {
		return err
	}
	key := keys[m.merchantID]
	var since int64
	if err := b.tx.QueryRowContext(b.ctx, "select count(*) from member_papers where member_id = $1", m.id).Scan(&since); err != nil {
		return err
	}
	if since+int64(len(all)) > int64(paperMost+b.s.cfg.Limits().Count) {
		return &workflow.Refusal{Code: "member_full"}
	}
	for i, p := range all {
		no := since + int64(i) + 1
		var file any
		if p.File != "" {
			if p.Digest, err = b.bindFile(m, by, key, draft, p); err != nil {
				return err
			}
			file, p.Name = p.File, ""
		}
		text, err := json.Marshal(paperBox{p.Name, p.Note})
		if err != nil {
			return err
		}
		box := gcm(key).Seal(nil, nil, text, fmt.Appendf(nil, "%s/%d", m.ID, no))
		if _, err := b.tx.ExecContext(b.ctx, "insert into member_papers (member_id, no, kind, digest, box, actor, created_at, file_id) values ($1, $2, $3, $4, $5, $6, $7, $8)",
			m.id, no, p.Kind, p.Digest, box, by.Actor, b.s.stamp(b.now), file); err != nil {
			return err
		}
		if err := b.record(m, by, "paper_added", MemberNote{Changes: []register.Change{{Field: fmt.Sprintf("paper %d", no), After: p.Kind + " " + hex.EncodeToString(p.Digest)}}}); err != nil {
			return err
		}
	}
	return b.roomOf(m)
}

// bindFile makes a file that waits a membership's: its key is wrapped with the
// merchant's from now on. It gives the digest of what was received.
func (b *book) bindFile(m *member, by By, key, draft []byte, p NewPaper) ([]byte, error) {
	all, err := b.s.files(b.ctx, b.tx, "where id = $1 and draft = $2 and case_id is null and member_id is null and state in ('pending', 'kept') and expires_at > $3", p.File, draft, b.s.stamp(b.now))
	if err == nil && len(all) == 0 {
		err = ErrNoWaiting
	}
	if err != nil {
		return nil, err
	}
	var kek string
	var wrapped []byte
	if err := b.tx.QueryRowContext(b.ctx, "select kek, wrapped from file_keys where file_id = $1", p.File).Scan(&kek, &wrapped); err != nil {
		return nil, err
	}
	own, err := b.s.unwrap(kek, wrapped)
	if err != nil {
		return nil, err
	}
	if _, err := b.tx.ExecContext(b.ctx, "update files set member_id = $1, paper = $2, draft = null, expires_at = null, actor = $3, side = 'merchant', seen = $4, wrapped = $5 where id = $6",
		m.id, p.Kind, by.Actor, SeenByOfficers, gcm(key).Seal(nil, nil, own, []byte("file "+p.File)), p.File); err != nil {
		return nil, err
	}
	_, err = b.tx.ExecContext(b.ctx, "delete from file_keys where file_id = $1", p.File)
	return all[0].SHA256[:], err
}

// roomOf refuses more files than a case has room for.
func (b *book) roomOf(m *member) error {
	limits := b.s.cfg.Limits()
	count, bytes, err := sumFiles(b.ctx, b.tx, "where member_id = $1", m.id)
	switch {
	case err != nil:
		return err
	case count > limits.Count:
		return &FileRefusal{Code: "many_files", Limit: int64(limits.Count)}
	case bytes > limits.Bytes:
		return &FileRefusal{Code: "case_large", Limit: limits.Bytes}
	}
	return nil
}

// memberKey is the key of a membership's merchant.
func (s *Store) memberKey(ctx context.Context, memberID int64) ([]byte, error) {
	var kek string
	var wrapped []byte
	if err := s.pool.QueryRowContext(ctx, "select k.kek, k.wrapped from members g join merchant_keys k on k.merchant_id = g.merchant_id where g.id = $1", memberID).Scan(&kek, &wrapped); err != nil {
		return nil, err
	}
	return s.unwrap(kek, wrapped)
}

// MemberFiles lists the files of a membership's papers with their names, tombstones
// too, in the order in which they came.
func (s *Store) MemberFiles(ctx context.Context, ref string) ([]File, error) {
	m, err := memberByRef(ctx, s.pool, ref)
	if err != nil {
		return nil, err
	}
	return s.named(ctx, nil, "where member_id = $1 order by at, id", m.id)
}

// tellMember writes down, once, that the scanner found something in a paper.
func (s *Store) tellMember(ctx context.Context, f File) error {
	var done bool
	return s.writeOnce(ctx, Once{Scope: "infected"}, &done, func(b *book) error {
		all, err := scanMembers(b.tx.QueryContext(b.ctx, "select "+memberColumns+" from members g join files f on f.member_id = g.id where f.id = $1 and f.told = 0", f.ID))
		if err != nil || len(all) == 0 {
			return err
		}
		if err := b.record(&all[0], By{Actor: "job:scan"}, "paper_infected", MemberNote{Changes: []register.Change{{Field: "file " + f.ID}}}); err != nil {
			return err
		}
		_, err = b.tx.ExecContext(b.ctx, "update files set told = 1 where id = $1", f.ID)
		return err
	})
}

// Papers reads the papers of an application, opened, in order.
func (s *Store) Papers(ctx context.Context, ref string) ([]Paper, error) {
	files, err := s.MemberFiles(ctx, ref)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for i := range files {
		names[files[i].ID] = files[i].Name
	}
	rows, err := s.pool.QueryContext(ctx, `select p.no, p.kind, p.digest, p.box, p.actor, p.created_at, coalesce(p.file_id, ''), k.kek, k.wrapped from member_papers p
		join members g on g.id = p.member_id join merchant_keys k on k.merchant_id = g.merchant_id where g.ref = $1 order by p.no`, ref)
	if err != nil {
		return nil, err
	}
	out := []Paper{}
	err = scan(rows, func() error {
		var p Paper
		var digest, box, wrapped []byte
		var kek string
		var created instant
		if err := rows.Scan(&p.No, &p.Kind, &digest, &box, &p.Actor, &created, &p.File, &kek, &wrapped); err != nil {
			return err
		}
		key, err := s.unwrap(kek, wrapped)
		if err != nil {
			return err
		}
		text, err := gcm(key).Open(nil, nil, box, fmt.Appendf(nil, "%s/%d", ref, p.No))
		if err != nil {
			return fmt.Errorf("member %s, paper %d does not open: %w", ref, p.No, err)
		}
		var in paperBox
		if err := json.Unmarshal(text, &in); err != nil {
			return err
		}
		p.Name, p.Note, p.Digest, p.Created = in.Name, in.Note, hex.EncodeToString(digest), created.Time
		if p.File != "" {
			p.Name = names[p.File]
		}
		out = append(out, p)
		return nil
	})
	return out, err
}
