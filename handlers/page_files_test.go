package handlers_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fangxin/store"
	"fangxin/store/storetest"
)

// picked is a file as a browser sends it.
type picked struct {
	name string
	data []byte
}

func jpegOf(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bombOf is a picture of a few bytes that says that it is enormous.
func bombOf() []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 60_000), 60_000)...)
	head = append(head, 8, 2, 0, 0, 0)
	out := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

// body is a form with files in the order in which a browser writes it.
func (v *visitor) body(path string, form url.Values, files ...picked) (text, kind string) {
	v.s.t.Helper()
	if _, page := v.ask("GET", path, nil); form.Get("key") == "" {
		if m := keyField.FindStringSubmatch(page); m != nil {
			form.Set("key", m[1])
		}
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, list := range form {
		for _, text := range list {
			_ = w.WriteField(name, text)
		}
	}
	for _, f := range files {
		part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": "files", "filename": f.name})}, "Content-Type": {"application/octet-stream"}})
		_, _ = part.Write(f.data)
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// bring fills a page's form in with files and sends it to where it goes.
func (v *visitor) bring(page, to string, form url.Values, files ...picked) (*http.Response, string) {
	v.s.t.Helper()
	body, kind := v.body(page, form, files...)
	return v.post(to, body, kind)
}

func (v *visitor) post(to, body, kind string) (*http.Response, string) {
	v.s.t.Helper()
	req, err := http.NewRequestWithContext(v.s.t.Context(), "POST", v.s.URL+to, strings.NewReader(body))
	if err != nil {
		v.s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", "text/html")
	res, err := v.client.Do(req)
	if err != nil {
		v.s.t.Fatal(err)
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(res.Body)
	if _ = res.Body.Close(); err != nil {
		v.s.t.Fatal(err)
	}
	return res, b.String()
}

// cut sends half of a form and goes away.
func (v *visitor) cut(to, body, kind string, most int) {
	v.s.t.Helper()
	u, _ := url.Parse(v.s.URL)
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		v.s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	cookies := ""
	at, _ := url.Parse(v.s.URL + to)
	for _, c := range v.client.Jar.Cookies(at) {
		cookies += c.Name + "=" + c.Value + "; "
	}
	_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\nCookie: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", to, u.Host, cookies, kind, len(body), body[:most])
	_ = conn.(*net.TCPConn).CloseWrite() // whoever loses his signal sends no more, and hears no answer
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, _ = bufio.NewReader(conn).ReadString('\n')
}

func (s *site) limited(l store.FileLimits) {
	s.w.Cfg.Uploads = l
	_ = s.w.Store.Close()
	s.w.Reopen()
	s.api.Store = s.w.Store
}

var tile = regexp.MustCompile(`/file/files/([A-Z2-7]{26})/content`)

// Several files at once: what cannot be taken is said at the field in the reader's
// language, with what to do, and hinders no other.
func TestFilesOfADraft(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		s.limited(store.FileLimits{Group: map[string]int64{"picture": 1 << 20, "document": 1 << 20, "sound": 1 << 20, "video": 2 << 20}, Count: 3, Bytes: 8 << 20})
		v := s.visitor()
		v.ask("POST", "/file", url.Values{"track": {"authority"}})
		v.fill("/file/what", url.Values{"story": {"有照片"}})
		if _, text := v.ask("GET", "/file/evidence", nil); !strings.Contains(text, `enctype="multipart/form-data"`) || !strings.Contains(text, "1 MB") || !strings.Contains(text, "multiple") {
			t.Error("the limits are not told before")
		}
		pdf := append([]byte("%PDF-1.4\n"), make([]byte, 1000)...)
		large := append([]byte("%PDF-1.4\n"), make([]byte, 2<<20)...)
		files := []picked{{"店门.jpg", jpegOf(t, 40, 30)}, {"大合同.pdf", large}, {"空.jpg", nil}, {"炸弹.png", bombOf()}, {"画.svg", []byte("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")},
			{naughty + ".pdf", pdf}, {"坏.jpg", []byte("\xFF\xD8\xFF\xE0 no picture")}, {"", nil}}
		for lang, words := range map[string][]string{"zh": {"“大合同.pdf”没有收：文件太大", "“空.jpg”没有收", "“炸弹.png”没有收：图片太大", "矢量图", "“坏.jpg”没有收"}, "en": {"大合同.pdf” was not taken", "空.jpg” was not taken", "SVG"}} {
			v.ask("POST", "/preferences", url.Values{"set": {"lang:" + lang}})
			res, text := v.bring("/file/evidence", "/file/evidence", url.Values{"go": {"next"}}, files...)
			if res.StatusCode != http.StatusUnprocessableEntity || strings.Contains(text, "<script>alert") || strings.Contains(text, "<svg onload") {
				t.Errorf("%d %s", res.StatusCode, text)
			}
			error := text[strings.Index(text, `id="f-files-error"`):]
			for _, word := range words {
				if !strings.Contains(error[:strings.Index(error, "</p>")], word) {
					t.Errorf("%s: not at the field: %s in %s", lang, word, error[:strings.Index(error, "</p>")])
				}
			}
			if all := tile.FindAllString(text, -1); len(all) != 2 {
				t.Errorf("%s: %d files stay", lang, len(all))
			}
		}
		v.ask("POST", "/preferences", url.Values{"set": {"lang:zh"}})
		res, _ := v.bring("/file/evidence", "/file/evidence", url.Values{"go": {"add"}}, picked{"3.jpg", jpegOf(t, 9, 9)}, picked{"店门.jpg", jpegOf(t, 40, 30)})
		if res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		if _, text := v.bring("/file/evidence", "/file/evidence", url.Values{"go": {"next"}}, picked{"4.jpg", jpegOf(t, 8, 8)}); !strings.Contains(text, "最多 3 个") {
			t.Error(text)
		}
		_, text := v.ask("GET", "/file/evidence", nil)
		ids := tile.FindAllStringSubmatch(text, -1)
		if len(ids) != 3 {
			t.Fatal(len(ids))
		}
		slices.SortStableFunc(ids, func(a, b []string) int { // the document last
			is := func(id string) int {
				if strings.Contains(text, id+"/small") {
					return 0
				}
				return 1
			}
			return is(a[1]) - is(b[1])
		})
		if res, body := v.ask("GET", "/file/files/"+ids[0][1]+"/small", nil); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/jpeg" || len(body) == 0 {
			t.Errorf("%d", res.StatusCode)
		}
		if res, _ := v.ask("GET", "/file/files/"+ids[2][1]+"/content", nil); !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment") || res.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Error(res.Header)
		}
		other := s.visitor()
		other.ask("POST", "/file", url.Values{"track": {"authority"}})
		for _, who := range []*visitor{other, s.visitor()} {
			if res, _ := who.ask("GET", "/file/files/"+ids[0][1]+"/small", nil); res.StatusCode != http.StatusNotFound {
				t.Errorf("somebody else's: %d", res.StatusCode)
			}
			who.bring("/file/evidence", "/file/evidence", url.Values{"drop": {ids[0][1]}})
		}
		if res, _ := v.bring("/file/evidence", "/file/evidence", url.Values{"drop": {ids[2][1]}}); res.StatusCode != http.StatusSeeOther {
			t.Error(res.StatusCode)
		}
		for _, step := range []string{"merchant", "deal", "you", "people", "consent"} {
			v.fill("/file/"+step, answersOf("")[step])
		}
		if _, text := v.ask("GET", "/file/review", nil); !strings.Contains(text, "2 个文件") || !strings.Contains(text, "店门.jpg") {
			t.Error("the review does not tell of the files")
		}
		res, text = v.fill("/file/review", url.Values{})
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if n := s.w.Count("select count(*) from files where case_id is not null and state = 'kept'"); n != 2 {
			t.Errorf("%d files were filed", n)
		}
		if logs := s.logs.String(); strings.Contains(logs, "店门") || strings.Contains(logs, ids[0][1]) {
			t.Error("the log tells")
		}
	})
}

// The connection breaks while files are on their way: what arrived is there, what
// was typed before too, and sent again nothing is there twice; one case.
func TestTheConnectionBreaksWhileFilesCome(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	v.fill("/file/what", url.Values{"story": {"断线"}})
	files := []picked{{"1.jpg", jpegOf(t, 50, 50)}, {"2.jpg", jpegOf(t, 60, 60)}}
	body, kind := v.body("/file/evidence", url.Values{"go": {"next"}}, files...)
	v.cut("/file/evidence", body, kind, strings.Index(body, "2.jpg")+100)
	_, text := v.ask("GET", "/file/evidence", nil)
	if all := tile.FindAllString(text, -1); len(all) != 1 || !strings.Contains(text, "1.jpg") {
		t.Fatalf("%d files", len(all))
	}
	if res, _ := v.post("/file/evidence", body, kind); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/file/you" {
		t.Error(res.Status, res.Header)
	}
	if _, text = v.ask("GET", "/file/evidence", nil); len(tile.FindAllString(text, -1)) != 2 {
		t.Error("not two files")
	}
	for _, step := range []string{"merchant", "deal", "you", "people", "consent"} {
		v.fill("/file/"+step, answersOf("")[step])
	}
	_, text = v.ask("GET", "/file/review", nil)
	form := url.Values{"key": {keyField.FindStringSubmatch(text)[1]}}
	sent := form.Encode()
	v.cut("/file/review", sent, "application/x-www-form-urlencoded", len(sent)-5)
	for range 2 { // the answer of the first never comes
		v.cut("/file/review", sent, "application/x-www-form-urlencoded", len(sent))
	}
	if res, text := v.ask("POST", "/file/review", form); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if n := s.w.Count("select count(*) from cases"); n != 1 {
		t.Errorf("%d cases", n)
	}
	if n := s.w.Count("select count(*) from files where case_id is not null"); n != 2 {
		t.Errorf("%d files", n)
	}
}

// A case that was filed while its draft could not be told so is found again by the
// same draft, with its files; files that are gone keep no complaint back.
func TestFiledWithFilesAndNotTold(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	v.ask("POST", "/file", url.Values{"track": {"authority"}})
	for _, step := range []string{"what", "merchant", "deal", "you", "people", "consent"} {
		v.fill("/file/"+step, answersOf("")[step])
	}
	v.bring("/file/evidence", "/file/evidence", url.Values{"go": {"next"}}, picked{"1.jpg", jpegOf(t, 50, 50)})
	s.w.Run("create table spare as select * from drafts")
	res, text := v.fill("/file/review", url.Values{})
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	s.w.Run("update drafts set box = (select box from spare)")
	if again, text := v.fill("/file/review", url.Values{}); again.Header.Get("Location") != res.Header.Get("Location") {
		t.Errorf("%d %s", again.StatusCode, text)
	}
	w := s.visitor()
	w.ask("POST", "/file", url.Values{"track": {"authority"}})
	for _, step := range []string{"what", "merchant", "deal", "you", "people", "consent"} {
		w.fill("/file/"+step, answersOf("")[step])
	}
	w.bring("/file/evidence", "/file/evidence", url.Values{"go": {"next"}}, picked{"2.jpg", jpegOf(t, 51, 50)})
	s.w.Run("delete from files where case_id is null")
	if res, text := w.fill("/file/review", url.Values{}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// Files come to a draft whose cookie is gone: they begin another, with the word that
// says so, and go on with it.
func TestFilesWithoutADraft(t *testing.T) {
	s := newSite(t, storetest.New(t))
	v := s.visitor()
	res, text := v.bring("/file/evidence", "/file/evidence", url.Values{"key": {"x"}}, picked{"1.jpg", jpegOf(t, 50, 50)})
	if res.StatusCode != http.StatusGone || len(tile.FindAllString(text, -1)) != 1 {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	if res, _ := v.bring("/file/evidence", "/file/evidence", url.Values{"go": {"next"}}); res.StatusCode != http.StatusSeeOther {
		t.Error(res.StatusCode)
	}
	s.w.Advance(29 * 24 * time.Hour)
	v.fill("/file/what", url.Values{"story": {"还在写"}}) // thirty days from now on, the files too
	s.w.Advance(29 * 24 * time.Hour)
	if _, text := v.ask("GET", "/file/evidence", nil); len(tile.FindAllString(text, -1)) != 1 {
		t.Error("the file is gone before its draft")
	}
	if res, text := v.bring("/file/evidence", "/file/evidence", url.Values{"key": {"forged"}}, picked{"2.jpg", jpegOf(t, 52, 50)}); res.StatusCode != http.StatusConflict || len(tile.FindAllString(text, -1)) != 2 {
		t.Errorf("a forged form: %d", res.StatusCode)
	}
	if res, _ := v.bring("/file/evidence", "/file/evidence", url.Values{"go": {"part"}}, picked{"3.jpg", nil}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Error(res.StatusCode)
	}
}
