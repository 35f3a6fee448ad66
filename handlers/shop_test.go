package handlers_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// decoded reads the QR code of a sheet from its picture.
func decoded(t *testing.T, svg string) string {
	t.Helper()
	found := regexp.MustCompile(`viewBox="0 0 (\d+) \d+" shape-rendering="crispEdges"><path d="([^"]+)"`).FindStringSubmatch(svg)
	if found == nil {
		t.Fatal(svg)
	}
	size, _ := strconv.Atoi(found[1])
	const scale = 8
	picture := image.NewGray(image.Rect(0, 0, size*scale, size*scale))
	for i := range picture.Pix {
		picture.Pix[i] = 255
	}
	for _, run := range strings.Split(strings.TrimSuffix(found[2], "z"), "z") {
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &n, &back); err != nil || n != back {
			t.Fatalf("%q: %v", run, err)
		}
		for px := x * scale; px < (x+n)*scale; px++ {
			for py := y * scale; py < (y+1)*scale; py++ {
				picture.SetGray(px, py, color.Gray{})
			}
		}
	}
	return scanned(t, picture, bare)
}

// The code on a wall leads to a complaint against this shop, by the API and by the
// pages; a code that was replaced opens nothing; a channel that is suspended takes
// no new complaint.
func TestTheCodeOnTheWall(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		officer := s.officer("officer")
		shop := openShop(t, s, officer, "惠民<超市>", `,"shop_address":"中心大街1号","code":"91370321MA3C0AAA0H"`)
		at := "/api/v1/memberships/" + s.enrol(officer, shop)
		ask(t, s, http.StatusNotFound, "GET", at+"/sheet.svg", officer, "")
		code := ask(t, s, http.StatusOK, "POST", at+"/decisions", officer, `{"verdict":"approve","why":"齐全"}`)["shop"].(string)
		if out := ask(t, s, http.StatusOK, "GET", "/api/v1/shops/"+code, "", ""); out["name"] != "惠民<超市>" || out["open"] != true || len(out) != 6 {
			t.Errorf("%v", out)
		}
		status, _, svg := s.call("GET", at+"/sheet.svg", officer, "")
		if want := s.URL + "/s/" + code; status != http.StatusOK || decoded(t, svg) != want || !strings.Contains(svg, "惠民&lt;超市&gt;") {
			t.Errorf("%d: %s, not %s", status, decoded(t, svg), want)
		}
		if status, _, pdf := s.call("GET", at+"/sheet.pdf", officer, ""); status != http.StatusOK || scanned(t, pictureOf(t, []byte(pdf)), bare) != s.URL+"/s/"+code {
			t.Error(status, "the PDF leads elsewhere")
		}
		member := s.logIn("13900000001")
		for _, kind := range []string{"svg", "pdf"} {
			if status, _, sheet := s.call("GET", "/api/v1/member/sheet."+kind, member, ""); status != http.StatusOK || kind == "svg" && sheet != svg {
				t.Error(kind, status)
			}
		}
		body := `{"track":"green_channel","elected":true,"publish_consent":false,"entrust_consent":false,"shop":"` + code + `","person":{"name":"王芳","phone":"13800000000"},"words":"商品有质量问题，要求退货","domain":1,"town":"370321001"%s}`
		number := ask(t, s, http.StatusCreated, "POST", "/api/v1/cases", "", fmt.Sprintf(body, ""))["case"].(map[string]any)["number"].(string)
		if words := s.respondent(number, officer); words != "惠民<超市> 中心大街1号 91370321MA3C0AAA0H" {
			t.Error(words)
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		shown := func(res *http.Response, err error) string {
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			return fmt.Sprint(res.StatusCode, " ", res.Header.Get("Location"), " ", len(res.Cookies()), " ", strings.Contains(string(text), "惠民&lt;超市&gt;"))
		}
		scan := func(code string) string { return shown(client.Get(s.URL + "/s/" + code)) }
		if got := scan(code); got != "200  0 true" || s.w.Count("select count(*) from drafts") != 0 {
			t.Error("reading begins something: " + got)
		}
		res, err := client.PostForm(s.URL+"/file", url.Values{"track": {"green_channel"}, "shop": {code}})
		if got := shown(res, err); got != "303 /file/what 1 false" {
			t.Fatal(got)
		}
		step, err := http.NewRequestWithContext(context.Background(), "GET", s.URL+"/file/merchant", nil)
		if err != nil {
			t.Fatal(err)
		}
		step.AddCookie(res.Cookies()[0])
		if got := shown(client.Do(step)); got != "200  0 true" {
			t.Error("the shop is not filled in: " + got)
		}
		refused := func(body, field string) {
			t.Helper()
			if status, _, text := s.call("POST", "/api/v1/cases", "", body); status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+field+`"`) {
				t.Errorf("%d %s", status, text)
			}
		}
		refused(fmt.Sprintf(body, `,"respondent":{"name":"x"}`), "respondent")
		ask(t, s, http.StatusOK, "POST", at+"/decisions", officer, `{"verdict":"suspend","why":"x"}`)
		refused(fmt.Sprintf(body, ""), "track")
		ask(t, s, http.StatusOK, "POST", at+"/shop-code", officer, `{"why":"遗失"}`)
		ask(t, s, http.StatusNotFound, "GET", "/api/v1/shops/"+code, "", "")
		refused(fmt.Sprintf(body, ""), "shop")
		if got := scan(code); got != "303 /file 0 false" {
			t.Error(got)
		}
	})
}

// respondent is whom a case is about, as it was sealed.
func (s *site) respondent(number, officer string) string {
	s.t.Helper()
	out, _ := s.ok("GET", "/api/v1/cases/"+number+"/events/1/words", officer, "")
	r := out["respondent"].(map[string]any)
	return fmt.Sprint(r["name"], " ", r["address"], " ", r["code"])
}
