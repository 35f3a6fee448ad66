package audit

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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
