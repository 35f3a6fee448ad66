package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// isOfFiles tells the routes that this file tests.
func isOfFiles(r Route) bool {
	return strings.HasPrefix(r.Path, "/api/v1/uploads") || strings.HasPrefix(r.Path, casePath+"/files")
}

// depot is a site with a case whose files are sent and fetched.
type depot struct {
	*contract
	w                          *storetest.World
	api                        *Server
	logs                       *bytes.Buffer
	number, consumer, merchant string
	officer, mediator          string
}

func newDepot(t *testing.T, w *storetest.World) *depot {
	d := &depot{w: w, logs: &bytes.Buffer{}}
	d.api = &Server{Store: w.Store, Rules: w.Law, Now: w.Now, Log: slog.New(slog.NewJSONHandler(d.logs, nil)), Limits: Unlimited()}
	ts := httptest.NewServer(d.api.Handler())
	t.Cleanup(ts.Close)
	d.contract = newContract(t, d.api, ts.URL)
	d.number, d.consumer = d.file("")
	d.officer, d.mediator = d.user("officer"), d.user("mediator")
	d.merchant = d.link(d.number, `{"party":"merchant"}`)
	return d
}

func (d *depot) user(role string) string {
	u := store.User{Name: role, Roles: []string{role}}
	token, err := d.w.AddUser(context.Background(), u)
	if err != nil {
		d.t.Fatal(err)
	}
	return token
}

func (d *depot) link(number, body string) string {
	_, text := d.call("POST", "/api/v1/cases/"+number+"/links", d.officer, body, "")
	var l struct{ Token string }
	if err := json.Unmarshal([]byte(text), &l); err != nil || l.Token == "" {
		d.t.Fatal(text)
	}
	return l.Token
}

// file files a complaint with what waits under a secret.
func (d *depot) file(uploads string) (number, token string) {
	status, text := d.call("POST", "/api/v1/cases", "", `{"person":{"name":"王芳","phone":"13800000000"},"respondent":{"name":"店","address":"路"},"words":"话","domain":1,
		"category":"false_publicity","town":"370321001","publish_consent":true,"entrust_consent":true,"uploads":"`+uploads+`"}`, "")
	var out struct {
		Token string
		Case  struct{ Number string }
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != http.StatusCreated {
		d.t.Fatal(text)
	}
	return out.Case.Number, out.Token
}

// form is a body with one file.
func form(name string, data []byte, fields ...string) (body, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	h := textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": name})}, "Content-Type": {"text/html"}}
	part, _ := w.CreatePart(h)
	_, _ = part.Write(data)
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// send uploads and returns the id of the file and the secret, if there is one.
func (d *depot) send(path, token, name string, data []byte, fields ...string) (status int, id, secret, text string) {
	d.t.Helper()
	d.w.Advance(time.Millisecond)
	body, kind := form(name, data, fields...)
	status, text = d.call("POST", path, token, body, "", "Content-Type", kind)
	var out struct {
		ID, Secret string
		File       struct{ ID string }
	}
	_ = json.Unmarshal([]byte(text), &out)
	return status, out.ID + out.File.ID, out.Secret, text
}

func (d *depot) must(path, token, name string, data []byte, fields ...string) string {
	d.t.Helper()
	status, id, _, text := d.send(path, token, name, data, fields...)
	if status != http.StatusCreated {
		d.t.Fatalf("%d %s", status, text)
	}
	return id
}

// fetch asks for bytes.
func (d *depot) fetch(method, path, token string, headers ...string) (*http.Response, []byte) {
	d.t.Helper()
	req, _ := http.NewRequestWithContext(context.Background(), method, d.url+path, nil)
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		d.t.Fatal(err)
	}
	return res, data
}

func (d *depot) of(number string) string { return "/api/v1/cases/" + number + "/files" }

func snapshot(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 640, 480)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var contractPDF = append([]byte("%PDF-1.4\n<script>alert(1)</script>"), bytes.Repeat([]byte("0123456789"), 20_000)...)

// Files wait before the filing under a secret of their own and come with it;
// nobody but who holds the secret knows of them.
func TestFilesWaitForTheirFiling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		d := newDepot(t, w)
		status, photo, secret, text := d.send("/api/v1/uploads", "", "照片.jpg", snapshot(t))
		if status != http.StatusCreated || len(secret) != 43 {
			t.Fatalf("%d %s", status, text)
		}
		_, doc, again, _ := d.send("/api/v1/uploads", secret, "合同.pdf", contractPDF)
		_, gone, _, _ := d.send("/api/v1/uploads", secret, "x.pdf", contractPDF)
		if again != secret {
			t.Error("another secret")
		}
		if res, data := d.fetch("GET", "/api/v1/uploads/"+doc+"/content", secret); res.StatusCode != http.StatusOK || !bytes.Equal(data, contractPDF) {
			t.Errorf("%d", res.StatusCode)
		}
		if status, _ := d.call("GET", "/api/v1/uploads/"+photo+"/thumbnail", secret, nil, ""); status != http.StatusOK {
			t.Error(status)
		}
		for _, token := range []string{strings.Repeat("A", 43), d.consumer, d.officer} {
			for _, ask := range [][2]string{{"GET", ""}, {"GET", "/" + doc + "/content"}, {"DELETE", "/" + doc}} {
				if status, _ := d.call(ask[0], "/api/v1/uploads"+ask[1], token, nil, ""); status != http.StatusNotFound {
					t.Errorf("%v: %d", ask, status)
				}
			}
		}
		if status, _ := d.call("DELETE", "/api/v1/uploads/"+gone, secret, nil, ""); status != http.StatusOK {
			t.Error(status)
		}
		status, text = d.call("GET", "/api/v1/uploads", secret, nil, "")
		if status != http.StatusOK || !strings.Contains(text, photo) || !strings.Contains(text, doc) || strings.Contains(text, gone) {
			t.Errorf("%d %s", status, text)
		}
		number, token := d.file(secret)
		_, text = d.call("GET", d.of(number), token, nil, "")
		if !strings.Contains(text, photo) || !strings.Contains(text, doc) || !strings.Contains(text, "照片.jpg") || strings.Count(text, `"yours":true`) != 2 {
			t.Error(text)
		}
		for _, bad := range []string{secret, "x", strings.Repeat("A", 43)} {
			if status, text := d.call("POST", "/api/v1/cases", "", `{"person":{"name":"王","phone":"13800000000"},"publish_consent":true,"entrust_consent":true,"uploads":"`+bad+`"}`, ""); status != http.StatusBadRequest || !strings.Contains(text, `"uploads"`) {
				t.Errorf("%d %s", status, text)
			}
		}
		if _, text := d.call("GET", "/api/v1/cases/"+number+"/data", token, nil, ""); !strings.Contains(text, photo) {
			t.Error("the copy of the data lacks the file")
		}
	})
}

// Who sees what: both sides what is for both, each its own, officers everything,
// and a link of another case nothing, by one and the same answer.
func TestWhoSeesAFile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		d := newDepot(t, w)
		own := d.must(d.of(d.number), d.consumer, "own.pdf", contractPDF, "seen", "own")
		both := d.must(d.of(d.number), d.consumer, "both.pdf", contractPDF)
		quiet := d.must(d.of(d.number), d.merchant, "quiet.pdf", contractPDF, "seen", "officers")
		staff := d.must(d.of(d.number), d.officer, "staff.pdf", contractPDF)
		other, stranger := d.file("")
		for name, x := range map[string]struct {
			token string
			sees  []string
		}{"consumer": {d.consumer, []string{own, both}}, "merchant": {d.merchant, []string{both, quiet}}, "officer": {d.officer, []string{own, both, quiet, staff}}} {
			_, list := d.call("GET", d.of(d.number), x.token, nil, "")
			for _, id := range []string{own, both, quiet, staff} {
				sees := slices.Contains(x.sees, id)
				status, _ := d.call("GET", d.of(d.number)+"/"+id+"/content", x.token, nil, "")
				if strings.Contains(list, id) != sees || (status == http.StatusOK) != sees || !sees && status != http.StatusNotFound {
					t.Errorf("%s: %d %s", name, status, list)
				}
			}
		}
		answers := map[string]bool{}
		for _, ask := range []struct{ number, id, token string }{{d.number, both, stranger}, {other, both, stranger}, {other, both, d.officer}, {d.number, strings.Repeat("A", 26), d.consumer},
			{d.number, "..", d.consumer}, {d.number, "%2e%2e%2f", d.consumer}, {d.number, own, d.merchant}} {
			for _, how := range []string{"/content", "/thumbnail"} {
				status, text := d.ask("GET", d.of(ask.number)+"/"+ask.id+how, ask.token, "")
				var p map[string]any
				_ = json.Unmarshal([]byte(text), &p)
				delete(p, "request_id")
				answers[fmt.Sprint(status, p)] = true
			}
		}
		if len(answers) != 1 {
			t.Errorf("%d answers: %v", len(answers), answers)
		}
		for id, token := range map[string]string{own: d.merchant, both: d.merchant, quiet: d.consumer, staff: d.consumer} {
			if status, _ := d.call("DELETE", d.of(d.number)+"/"+id, token, nil, ""); status != http.StatusNotFound {
				t.Errorf("another's file was removed: %d", status)
			}
		}
		if status, _ := d.call("DELETE", d.of(d.number)+"/"+both, d.officer, nil, ""); status != http.StatusNotFound {
			t.Errorf("an officer removed a party's file: %d", status)
		}
		for _, token := range []string{d.link(d.number, `{"party":"consumer","actions":["read"]}`)} {
			if status, _, _, text := d.send(d.of(d.number), token, "x.pdf", contractPDF); status != http.StatusForbidden {
				t.Errorf("%d %s", status, text)
			}
		}
	})
}

// What is sent out has a fixed kind, the right name and nothing that could make a
// browser run it; any part of it can be asked for.
func TestHowAFileIsSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		d := newDepot(t, w)
		for _, x := range []struct {
			name, sent, media, how string
			data                   []byte
		}{
			{"合同（签字）.pdf", "合同（签字）.pdf", "application/pdf", "attachment", contractPDF}, {"聊天记录.html", "聊天记录.html.pdf", "application/pdf", "attachment", contractPDF},
			{"照片.PNG", "照片.PNG.jpg", "image/jpeg", "inline", snapshot(t)}, {`..\..\etc/passwd`, "passwd.pdf", "application/pdf", "attachment", contractPDF},
			{"a\u202efdp.exe", "afdp.exe.pdf", "application/pdf", "attachment", contractPDF}, {"NUL.pdf", "_NUL.pdf", "application/pdf", "attachment", contractPDF},
			{`q"uo;te.pdf`, "q_uo;te.pdf", "application/pdf", "attachment", contractPDF}, {strings.Repeat("长", 300) + ".pdf", strings.Repeat("长", 65) + ".pdf", "application/pdf", "attachment", contractPDF},
		} {
			id := d.must(d.of(d.number), d.consumer, x.name, x.data)
			for _, method := range []string{"GET", "HEAD"} {
				res, data := d.fetch(method, d.of(d.number)+"/"+id+"/content", d.merchant)
				h := res.Header
				how, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
				if res.StatusCode != http.StatusOK || err != nil || how != x.how || params["filename"] != x.sent || h.Get("Content-Type") != x.media {
					t.Errorf("%q: %d %v %q %q, as %q", x.name, res.StatusCode, err, how, params["filename"], h.Get("Content-Type"))
				}
				for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin"} {
					if h.Get(name) != want {
						t.Errorf("%s: %q", name, h.Get(name))
					}
				}
				if res.ContentLength < 1 || (method == "GET") != (len(data) > 0) {
					t.Errorf("%s: %d of %d bytes", method, len(data), res.ContentLength)
				}
			}
		}
		id := d.must(d.of(d.number), d.consumer, "x.pdf", contractPDF)
		for asked, want := range map[string][]byte{"bytes=0-9": contractPDF[:10], "bytes=65530-65545": contractPDF[65530:65546], "bytes=200000-": contractPDF[200000:], "bytes=199000-99999999": contractPDF[199000:]} {
			res, data := d.fetch("GET", d.of(d.number)+"/"+id+"/content", d.consumer, "Range", asked)
			if res.StatusCode != http.StatusPartialContent || !bytes.Equal(data, want) {
				t.Errorf("%s: %d, %d bytes", asked, res.StatusCode, len(data))
			}
		}
		for _, asked := range []string{"bytes=999999999-", "bytes=-5", "bytes=0-1,5-6", "bytes=x", "lines=1-2", "bytes=9-3"} {
			res, data := d.fetch("GET", d.of(d.number)+"/"+id+"/content", d.consumer, "Range", asked)
			if res.StatusCode != http.StatusOK || !bytes.Equal(data, contractPDF) {
				t.Errorf("%s: %d, %d bytes", asked, res.StatusCode, len(data))
			}
		}
	})
}

// Every route of files answers what it says that it may, and nothing else; every
// refusal says what to do.
func TestWhatRoutesOfFilesAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		w.Cfg.Uploads = store.FileLimits{Group: map[string]int64{"picture": 1 << 20, "document": 1 << 20, "sound": 1 << 20, "video": 1 << 20}, Count: 6, Bytes: 8 << 20}
		_ = w.Store.Close()
		w.Reopen()
		d := newDepot(t, w)
		d.call("GET", "/api/v1/uploads/limits", "", nil, "")
		files := d.of(d.number)
		_, waits, secret, _ := d.send("/api/v1/uploads", "", "a.jpg", snapshot(t))
		doc, photo := d.must(files, d.consumer, "a.pdf", contractPDF), d.must(files, d.consumer, "a.jpg", snapshot(t))
		for _, x := range []struct {
			path, token    string
			status         int
			code, field    string
			data           []byte
			name           string
			fields         []string
			body, bodyKind string
		}{
			{data: []byte("<html>"), status: 415, code: "file_kind", field: "file"}, {data: []byte("<svg xmlns='http://www.w3.org/2000/svg'>"), status: 415, code: "file_kind"},
			{data: []byte("MZ\x90\x00"), name: "photo.jpg", status: 415, code: "file_kind"}, {data: nil, status: 422, code: "file_empty"},
			{data: []byte("\xFF\xD8\xFF\xE0<script>"), status: 422, code: "picture_broken"}, {data: append(contractPDF, make([]byte, 1<<20)...), status: 413, code: "file_large"},
			{data: make([]byte, 3<<20), status: 413, code: "file_large"}, {data: contractPDF, fields: []string{"seen", "everybody"}, status: 400, code: "bad_json", field: "seen"},
			{data: contractPDF, fields: []string{"nosuch", "x"}, status: 400, code: "bad_json", field: "nosuch"}, {data: contractPDF, name: "a\nb.pdf", status: 400, code: "bad_json", field: "file"},
			{body: "{}", bodyKind: "application/json", status: 415, code: "not_multipart"}, {body: "x", bodyKind: "multipart/form-data", status: 415, code: "not_multipart"},
			{body: "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\x00.pdf\"\r\n\r\n%PDF-1\r\n--b--\r\n", bodyKind: "multipart/form-data; boundary=b", status: 400, code: "unreadable"},
			{body: "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1", bodyKind: "multipart/form-data; boundary=b", status: 400, code: "unreadable"},
			{body: "--b--\r\n", bodyKind: "multipart/form-data; boundary=b", status: 422, code: "missing", field: "file"},
			{body: "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.pdf\"\r\n\r\n%PDF-1\r\n--b--\r\n",
				bodyKind: "multipart/form-data; boundary=b", status: 400, code: "bad_json", field: "file"},
		} {
			for _, to := range [][2]string{{"/api/v1/uploads", secret}, {files, d.consumer}} {
				body, kind := x.body, x.bodyKind
				if kind == "" {
					body, kind = form(x.name, x.data, x.fields...)
				}
				before := w.Count("select count(*) from files where state <> 'refused'")
				status, text := d.call("POST", to[0], to[1], body, "", "Content-Type", kind)
				if status != x.status || !strings.Contains(text, `"code":"`+x.code+`"`) || x.field != "" && !strings.Contains(text, `"field":"`+x.field+`"`) || strings.Contains(text, "why.") {
					t.Errorf("%s %q: %d %s", x.code, x.field, status, text)
				}
				if w.Count("select count(*) from files where state <> 'refused'") != before {
					t.Errorf("%s: something was kept", x.code)
				}
			}
		}
		from := func(path, token string, headers ...string) {
			body, kind := form("a.pdf", contractPDF)
			d.call("POST", path, token, body, "", append(headers, "Content-Type", kind)...)
		}
		for _, to := range [][2]string{{"/api/v1/uploads", secret}, {files, d.consumer}} { // as many as there may be
			from(to[0], to[1], "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example")
			d.call("POST", to[0], "", nil, "", "Authorization", "Basic x")
			from(to[0], strings.Repeat("A", 43))
			for range 6 {
				from(to[0], to[1])
			}
		}
		heif := append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), make([]byte, 100)...)
		status, pending, other, text := d.send("/api/v1/uploads", "", "a.heic", heif)
		if status != http.StatusCreated || !strings.Contains(text, `"state":"pending"`) {
			t.Errorf("%d %s", status, text)
		}
		number, token := d.file("")
		late := d.must(d.of(number), token, "b.heic", heif)
		cite, _ := json.Marshal(map[string]string{"paper": doc})
		if status, text := d.call("POST", "/api/v1/cases/"+d.number+"/evidence", d.consumer, string(cite), ""); status != http.StatusCreated {
			t.Fatal(text)
		}
		reader := d.link(d.number, `{"party":"consumer","actions":["read"]}`)
		for _, ask := range [][3]string{{"GET", "/api/v1/uploads", secret}, {"GET", "/api/v1/uploads/" + waits + "/content", secret}, {"GET", "/api/v1/uploads/" + waits + "/thumbnail", secret},
			{"GET", "/api/v1/uploads/" + pending + "/content", other}, {"GET", "/api/v1/uploads/" + pending + "/thumbnail", other}, {"DELETE", "/api/v1/uploads/" + waits, secret},
			{"GET", files, d.consumer}, {"GET", files + "/" + photo + "/content", d.consumer}, {"GET", files + "/" + photo + "/thumbnail", d.consumer}, {"GET", files + "/" + doc + "/thumbnail", d.consumer},
			{"GET", d.of(number) + "/" + late + "/content", token}, {"GET", d.of(number) + "/" + late + "/thumbnail", token},
			{"DELETE", files + "/" + doc, d.consumer}, {"DELETE", files + "/" + photo, reader}, {"DELETE", files + "/" + photo, d.consumer}} {
			d.call(ask[0], ask[1], ask[2], nil, "")
		}
		for _, path := range []string{"/api/v1/uploads", "/api/v1/uploads/" + waits + "/content", "/api/v1/uploads/" + waits + "/thumbnail", files, files + "/" + photo + "/content", files + "/" + photo + "/thumbnail"} {
			for _, method := range []string{"GET", "DELETE"} {
				if method == "DELETE" && (!strings.HasSuffix(path, "content")) {
					continue
				}
				path := path
				if method == "DELETE" {
					path = strings.TrimSuffix(path, "/content")
				}
				d.call(method, path, "", nil, "", "Authorization", "Basic x")
				d.call(method, path, strings.Repeat("A", 43), nil, "")
				d.call(method, path+"?nosuch=1", d.consumer, nil, "")
				d.call(method, path, d.consumer, nil, "", "Sec-Fetch-Site", "cross-site", "Origin", "http://other.example")
			}
		}
		d.call("GET", "/api/v1/uploads/limits?nosuch=1", "", nil, "")
		from("/api/v1/uploads?nosuch=1", secret)
		w.Run("delete from case_keys")
		for _, ask := range [][2]string{{"GET", files}, {"GET", files + "/" + doc + "/content"}, {"GET", files + "/" + doc + "/thumbnail"}, {"DELETE", files + "/" + doc}} {
			d.call(ask[0], ask[1], d.consumer, nil, "")
		}
		from(files, d.consumer)
		for _, r := range d.routes {
			for _, status := range append(r.statuses(), r.Status) {
				if isOfFiles(r) && elsewhere[status] == "" && !d.seen[r.name()][status] {
					t.Errorf("%s never answered %d", r.name(), status)
				}
			}
		}
	})
}

// The same upload again is the same file, in the same event; nothing of a name
// reaches a log line, an event or an address.
func TestUploadsAreTakenOnceAndNamesStaySealed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, w *storetest.World) {
		d := newDepot(t, w)
		const canary = "金丝雀之名"
		body, kind := form(canary+".pdf", contractPDF)
		var answers []string
		for range 2 {
			_, text := d.call("POST", d.of(d.number), d.consumer, body, "k", "Content-Type", kind)
			answers = append(answers, text)
		}
		if answers[0] != answers[1] || !strings.Contains(answers[0], canary) {
			t.Errorf("%v", answers)
		}
		if n := w.Count("select count(*) from events where payload like '%add_evidence%'"); n != 1 {
			t.Errorf("%d events", n)
		}
		d.call("GET", d.of(d.number), d.consumer, nil, "")
		if strings.Contains(d.logs.String(), canary) || w.Count("select count(*) from events where payload like '%"+canary+"%'") != 0 || strings.Contains(d.logs.String(), url.PathEscape(canary)) {
			t.Error("the name is in a log")
		}
		if n := w.Count("select count(*) from idempotency where answer like '%" + canary + "%'"); n != 0 {
			t.Error("the name is among the answers")
		}
		files, _ := filepath.Glob(filepath.Join(w.Cfg.Data, "files", "*", "*"))
		for _, f := range files {
			if data, _ := os.ReadFile(f); bytes.Contains(data, []byte("%PDF")) || strings.Contains(f, canary) {
				t.Error("a file lies in clear")
			}
		}
		_, text := d.call("POST", d.of(d.number), d.consumer, strings.Replace(body, "0123456789", "x123456789", 1), "k", "Content-Type", kind)
		if !strings.Contains(text, "key_reused") {
			t.Error(text)
		}
	})
}

// A folder that is not mounted is told so; the case goes on.
func TestFilesElsewhereOverHTTP(t *testing.T) {
	d := newDepot(t, storetest.New(t))
	id := d.must(d.of(d.number), d.consumer, "a.pdf", contractPDF)
	if err := os.Rename(filepath.Join(d.w.Cfg.Data, "files"), filepath.Join(d.w.Cfg.Data, "unmounted")); err != nil {
		t.Fatal(err)
	}
	res, _ := d.fetch("GET", d.of(d.number)+"/"+id+"/content", d.consumer)
	status, _, _, text := d.send(d.of(d.number), d.consumer, "b.pdf", contractPDF)
	if res.StatusCode != http.StatusServiceUnavailable || status != http.StatusServiceUnavailable || !strings.Contains(text, "files_elsewhere") || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d %d %s", res.StatusCode, status, text)
	}
	if status, _ := d.call("GET", "/api/v1/cases/"+d.number, d.consumer, nil, ""); status != http.StatusOK {
		t.Error(status)
	}
	if _, err := os.Stat(filepath.Join(d.w.Cfg.Data, "files")); !errors.Is(err, os.ErrNotExist) {
		t.Error("something was written where the folder should be mounted")
	}
}
