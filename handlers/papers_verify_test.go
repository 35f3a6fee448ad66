package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"fangxin/store"
	"fangxin/store/audit"
)

// proven is what a check of everything finds.
func (s *site) proven() []audit.Finding {
	s.t.Helper()
	erased := func(err error) (bool, error) {
		if errors.Is(err, store.ErrErased) {
			return false, nil
		}
		return true, err
	}
	r, err := audit.Verify(context.Background(), s.w.Pool(), s.w.Dialect(), audit.Options{Now: s.w.Now(),
		Unseal: func(ctx context.Context, id, seq int64) ([]byte, []byte, bool, error) {
			u, err := s.w.Unseal(ctx, id, seq)
			ok, err := erased(err)
			return u.Salt, u.Text, ok, err
		},
		Paper: func(ctx context.Context, id, no int64) ([]byte, []byte, bool, error) {
			salt, pdf, err := s.w.PaperBox(ctx, id, no)
			ok, err := erased(err)
			return salt, pdf, ok, err
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Findings
}

// Whoever changes what a paper's row says, takes a row away or puts other bytes in
// its place is found, and the paper is named.
func TestAlteredPapersAreFound(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, _ := s.fileRare()
		officer, hub := s.officer("officer", "hub", "supervisor"), s.officer("hub")
		first, _ := s.paper(number, officer, `{"form":"register"}`)
		s.paper(number, officer, `{"form":"register"}`)
		s.paper(number, hub, `{"form":"register"}`) // in the log it is not: he is no officer
		if found := s.proven(); len(found) != 0 {
			t.Fatal(found)
		}
		named := first["number"].(string)
		for what, x := range map[string]struct{ do, undo, says string }{
			"number":              {"update papers set number = 'x' where no = 1", fmt.Sprintf("update papers set number = '%s' where no = 1", named), named},
			"serial":              {"update papers set serial = 9 where no = 1", "update papers set serial = 1 where no = 1", named},
			"version":             {"update papers set version = version - 1, seq = seq - 1 where no = 2", "update papers set version = version + 1, seq = seq + 1 where no = 2", "第0002号"},
			"event":               {"update papers set seq = seq + 1 where no = 1", "update papers set seq = seq - 1 where no = 1", named},
			"size":                {"update papers set size = size + 1 where no = 1", "update papers set size = size - 1 where no = 1", named},
			"digest":              {"update papers set commitment = 'sha256:00' || commitment where no = 1", "update papers set commitment = substr(commitment, 10) where no = 1", named},
			"author":              {"update papers set author = 'x' || author where no = 1", "update papers set author = substr(author, 2) where no = 1", named},
			"other's":             {"update papers set bound = bound + 50 where no = 1", "update papers set bound = bound - 50 where no = 1", named},
			"unbound":             {"update papers set bound = 2 where no = 3", "update papers set bound = 0 where no = 3", "第0003号"},
			"a row gone":          {"update papers set case_id = case_id + 100, serial = 0, year = 1 where no = 1", fmt.Sprintf("update papers set case_id = case_id - 100, serial = 1, year = %d where no = 1", s.w.Now().Year()), named},
			"an unbound row gone": {"update papers set year = 1, serial = 1, bound = 0 where no = 2", fmt.Sprintf("update papers set year = %d, serial = 2, bound = (select max(seq) from events where payload like '%%register-%d-2%%') where no = 2", s.w.Now().Year(), s.w.Now().Year()), "第0002号"},
		} {
			s.w.Run(x.do)
			if found := fmt.Sprint(s.proven()); !strings.Contains(found, "papers: ") || !strings.Contains(found, x.says) {
				t.Errorf("%s: %s", what, found)
			}
			s.w.Run(x.undo)
			if found := s.proven(); len(found) != 0 {
				t.Fatalf("%s, put back: %v", what, found)
			}
		}
		s.w.Run("update papers set serial = 7 where no = 3") // in no event: the series shows it
		if found := fmt.Sprint(s.proven()); !strings.Contains(found, "3 papers are there, and the last has number 7") {
			t.Error(found)
		}
		s.w.Run("update papers set serial = 3 where no = 3")
		s.w.Run("delete from paper_boxes where no = 1")
		s.w.Run("update paper_boxes set no = 1 where no = 2")
		if found := fmt.Sprint(s.proven()); !strings.Contains(found, named) {
			t.Error("other bytes", found)
		}
		s.erase(number, officer)
		if found := s.proven(); len(found) != 0 {
			t.Errorf("after the erasure: %v", found)
		}
	})
}
