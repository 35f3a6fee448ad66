package handlers_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"
)

// opened is a visitor who has opened a case with a link.
func (s *site) opened(number, token string) *visitor {
	s.t.Helper()
	v := s.visitor()
	if res, text := v.ask("POST", "/c/"+number, url.Values{"code": {token}}); res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%d %s", res.StatusCode, text)
	}
	return v
}

// settled is a case in which an offer was accepted, with both sides' pages.
func (s *site) settled() (number string, consumer, shop *visitor) {
	consumer = s.visitor()
	number = consumer.file("authority")
	s.w.Do(number, "classify", "invite_settlement", "delivered", "answer_with_offer", "accept_offer")
	token, _ := s.give(number, s.officer("officer", "hub"), `{"recipient":"merchant"}`)
	return number, consumer, s.opened(number, token)
}

func (s *site) fact(number, name string) string {
	s.t.Helper()
	c, err := s.w.Case(context.Background(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Facts[name]
}

// "Did they do what they promised?" has four answers, as far as the table allows
// them: yes, partly, no once the day is over, and a new date, which counts when the
// other side agrees to exactly that one.
func TestPromisesAreAskedFor(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		number, consumer, shop := s.settled()
		at := "/c/" + number
		_, text := consumer.ask("GET", at, nil)
		for event, want := range map[string]bool{"close_settled": true, "confirm_partly": true, "agree_new_date": true, "not_performed": false} {
			if strings.Contains(text, at+"/act/"+event) != want {
				t.Errorf("%s before the day: %v", event, !want)
			}
		}
		if res, text := consumer.fill(at+"/act/agree_new_date", url.Values{"words": {"再等等"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `id="f-due_on-error"`) || !strings.Contains(text, "再等等") {
			t.Errorf("no date: %d", res.StatusCode)
		}
		day := s.w.Now().Add(40 * 24 * time.Hour).Format("2006-01-02")
		if res, text := consumer.fill(at+"/act/agree_new_date", url.Values{"due_on": {day}, "words": {"月底有空"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, text := consumer.ask("GET", at, nil); !strings.Contains(text, "<h3>提议：换一个履行日期</h3>") {
			t.Error("the course of the complaint does not say what was proposed")
		}
		if _, text := consumer.ask("GET", at, nil); strings.Contains(text, at+"/act/agree_new_date") {
			t.Error("one's own proposal is there to agree to")
		}
		_, text = shop.ask("GET", at, nil)
		if !strings.Contains(text, at+"/act/agree_new_date") || !strings.Contains(text, "月底有空") {
			t.Fatal(text)
		}
		if _, text := shop.ask("GET", at+"/act/agree_new_date", nil); strings.Contains(text, `name="due_on"`) {
			t.Error("the shop can write another date")
		}
		if res, text := shop.fill(at+"/act/agree_new_date", url.Values{"due_on": {"2030-01-01"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if got := s.fact(number, "due_on"); got != day {
			t.Errorf("agreed on %s, proposed was %s", got, day)
		}
		s.w.Advance(41 * 24 * time.Hour)
		if _, text := consumer.ask("GET", at, nil); !strings.Contains(text, at+"/act/not_performed") {
			t.Error("after the day nobody can say no")
		}
		if res, text := consumer.fill(at+"/act/confirm_partly", url.Values{"performed": {"500"}}); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		if res, text := consumer.fill(at+"/act/not_performed", url.Values{}); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%d %s", res.StatusCode, text)
		}
		if c, err := s.w.Case(context.Background(), number); err != nil || c.State.Stage() != "REFERRAL" {
			t.Errorf("%s %v", c.State, err)
		}
	})
}

// What both sides must say and the consumer alone may do, the shop proposes: with
// amount and day, of which the log holds no amount; and nobody is asked to propose
// what the other side cannot agree to.
func TestAShopProposesWhatTheConsumerAgreesTo(t *testing.T) {
	each(t, func(t *testing.T, s *site) {
		consumer := s.visitor()
		number := consumer.file("authority")
		at := "/c/" + number
		s.w.Do(number, "classify", "invite_settlement", "delivered", "merchant_refuses", "accept", "ask_consent", "one_consents", "both_consent")
		token, _ := s.give(number, s.officer("officer", "hub"), `{"recipient":"merchant"}`)
		shop := s.opened(number, token)
		if _, text := consumer.ask("GET", at, nil); strings.Contains(text, at+"/act/settle_themselves") {
			t.Error("the consumer is asked to propose what the shop cannot agree to")
		}
		if res, text := shop.fill(at+"/act/settle_themselves", url.Values{"amount": {"900"}, "due_on": {"2026-07-01"}, "words": {"店里当面谈好了"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if strings.Contains(s.payloads(), "90000") {
			t.Error("the log holds the amount of a proposal")
		}
		_, text := consumer.ask("GET", at, nil)
		for _, want := range []string{at + "/act/settle_themselves", "900.00", "店里当面谈好了"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is missing", want)
			}
		}
		if res, text := consumer.fill(at+"/act/settle_themselves", url.Values{}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if c, err := s.w.Case(context.Background(), number); err != nil || c.State != "REFERRAL.agreed_pending_performance" || c.Facts["due_on"] != "2026-07-01" {
			t.Errorf("%s %s %v", c.State, c.Facts["due_on"], err)
		}
	})
}

// Several people of one shop see who of them answered; the other side sees the shop.
func TestTheShopsPeopleSeeWhoAnswered(t *testing.T) {
	s := newSite(t, storetest.New(t))
	consumer := s.visitor()
	number := consumer.file("authority")
	officer := s.officer("officer", "hub")
	s.w.Do(number, "classify", "invite_settlement", "delivered")
	first, _ := s.give(number, officer, `{"recipient":"merchant"}`)
	second, _ := s.give(number, officer, `{"recipient":"colleague"}`)
	at := "/c/" + number
	colleague := s.opened(number, second)
	if res, text := colleague.fill(at+"/act/answer", url.Values{"answer_kind": {"question"}, "words": {"票据还在吗？"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	for _, x := range []struct {
		v    *visitor
		want string
		not  string
	}{{s.opened(number, first), "·您的同事 1", ""}, {colleague, "·您<", "同事"}, {consumer, "·商家<", "同事"}} {
		if _, text := x.v.ask("GET", at, nil); !strings.Contains(text, x.want) || !strings.Contains(text, "票据还在吗") || x.not != "" && strings.Contains(text, x.not) {
			t.Errorf("%s is missing, or %s is there", x.want, x.not)
		}
	}
}
