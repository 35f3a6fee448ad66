package audit

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// brought is what the sealed part of an event says of the files that came with it.
type brought struct {
	Files []struct {
		ID     string `json:"id"`
		Kind   string `json:"kind"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	} `json:"files"`
}

// files holds the row of every file that came with an event against what the
// event commits to.
func (x *eventReader) files(e *entry, text []byte) (part, what string) {
	if !bytes.Contains(text, []byte(`"files":`)) {
		return "", ""
	}
	var said brought
	if err := json.Unmarshal(text, &said); err != nil {
		return "log", "what was sealed with it does not read: " + err.Error()
	}
	for _, f := range said.Files {
		var caseID, seq, size int64
		var kind string
		var sum []byte
		err := x.a.db.QueryRowContext(x.a.ctx, "select coalesce(case_id, 0), seq, kind, received_size, received from files where id = $1", f.ID).Scan(&caseID, &seq, &kind, &size, &sum)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return "files", fmt.Sprintf("file %s, which came with it, has no row", f.ID)
		case err != nil:
			return "files", "its files cannot be read: " + err.Error()
		case caseID != x.id || seq != e.Seq || kind != f.Kind || size != f.Size || hex.EncodeToString(sum) != f.SHA256:
			return "files", fmt.Sprintf("the row of file %s is not what the log commits to", f.ID)
		}
		x.a.report.Files++
	}
	return "", ""
}

// strays finds rows of files that no event brought.
func (a *auditor) strays() error {
	if a.opt.Unseal == nil || a.full() {
		return nil
	}
	var rows int64
	err := a.db.QueryRowContext(a.ctx, "select count(*) from files f where f.case_id is not null and exists (select 1 from case_keys k where k.case_id = f.case_id)").Scan(&rows)
	if err == nil && rows > a.report.Files && len(a.report.Findings) == 0 {
		a.find("files", "", 0, "%d files belong to cases, and events brought %d", rows, a.report.Files)
	}
	return err
}

// papers holds the file of every paper of a membership against the digest that its
// line of the history has, which the database lets nobody change.
func (a *auditor) papers() error {
	if a.full() {
		return nil
	}
	rows, err := a.db.QueryContext(a.ctx, `select coalesce(p.file_id, f.id), case when p.file_id is null or f.id is null then 0 else 1 end, coalesce(f.received, p.digest), coalesce(h.body, '')
		from member_papers p full join files f on f.id = p.file_id and f.member_id = p.member_id
		left join member_history h on h.member_id = p.member_id and h.what = 'paper_added' and h.body like '%"paper ' || p.no || '"%'
		where p.file_id is not null or f.member_id is not null`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() && !a.full() {
		var id, said string
		var whole int
		var sum []byte
		if err := rows.Scan(&id, &whole, &sum, &said); err != nil {
			return err
		}
		switch {
		case whole == 0:
			a.find("files", "", 0, "file %s of a membership has no paper, or its paper no file", id)
		case !strings.Contains(said, hex.EncodeToString(sum)):
			a.find("files", "", 0, "the row of file %s is not what the history of its membership says", id)
		}
	}
	return rows.Err()
}
