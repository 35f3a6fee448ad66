package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"fangxin/handlers"
	"fangxin/jobs"
	"fangxin/jobs/channel"
	"fangxin/store"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// Settings are the keys that every subcommand knows. A flag beats the
// environment, the environment the file.
type Settings struct {
	File        string `name:"config" env:"FANGXIN_CONFIG" help:"Settings file, YAML with the flags' names as keys." type:"path"`
	Data        string `env:"FANGXIN_DATA" default:"data" help:"Folder for the SQLite file, the key file and the checkpoint."`
	DatabaseURL string `env:"FANGXIN_DATABASE_URL" help:"postgres://user@host/name; empty: SQLite in the data folder."`
	RedisURL    string `env:"FANGXIN_REDIS_URL" help:"redis://host:6379/0 spreads the work over the nodes (6.2 or later, noeviction, a number of its own); empty, or while it is down: the work is done in process."`
	Policy      string `name:"policy" env:"FANGXIN_POLICY" help:"The county's file; empty: the county inside the binary." type:"path"`
	Key         string `env:"FANGXIN_KEY" help:"Keys that seal personal data: 32 bytes in base64, newest first; empty: a key file in the data folder."`
	SigningKey  string `env:"FANGXIN_SIGNING_KEY" help:"Keys that sign receipts and checkpoints, newest first; empty: a file in the data folder, or made from FANGXIN_KEY where that is set."`
	Recipient   string `name:"backup-recipient" env:"FANGXIN_BACKUP_RECIPIENT" help:"Who can open backups: age1…, several separated by commas (fangxin keys identity makes one)."`
	Listen      string `env:"FANGXIN_LISTEN" default:"127.0.0.1:8080" help:"Address to serve on."`

	ClientAddress  string `env:"FANGXIN_CLIENT_ADDRESS" placeholder:"WAY" help:"Where a client's address comes from: direct, x-forwarded-for or x-real-ip. Must be said unless only this machine is served."`
	TrustedProxies string `env:"FANGXIN_TRUSTED_PROXIES" placeholder:"NETWORKS" help:"Proxies whose header is believed: addresses or networks, separated by commas."`
	RateLimits     string `env:"FANGXIN_RATE_LIMITS" default:"on" help:"on, or off for measuring."`
	MetricsListen  string `env:"FANGXIN_METRICS_LISTEN" placeholder:"ADDRESS" help:"Address of its own for /metrics, /healthz and /readyz; empty: /metrics answers this machine only, on the main address."`
	SiteAddress    string `env:"FANGXIN_SITE_ADDRESS" placeholder:"URL" help:"Where people reach the pages, https://example.cn: for links that are shown, and for cookies; empty: as asked for."`
	SiteFilings    string `env:"FANGXIN_SITE_FILINGS" placeholder:"NUMBERS" help:"Filing numbers of the site, separated by commas: shown at the foot of every page."`

	MailURL    string `name:"mail-url" env:"FANGXIN_MAIL_URL" placeholder:"URL" help:"Mail server: smtp://user:password@host (STARTTLS) or smtps://… (TLS from the start); empty: no mail."`
	MailFrom   string `name:"mail-from" env:"FANGXIN_MAIL_FROM" placeholder:"ADDRESS" help:"Sender of mails: name@domain, or 名称 <name@domain>."`
	BouncesURL string `name:"bounces-url" env:"FANGXIN_BOUNCES_URL" placeholder:"URL" help:"Mailbox of the sender's address, read for bounces and delivery reports: imaps://user:password@host/INBOX; empty: no mail is ever known to be delivered."`
	SMSURL     string `name:"sms-url" env:"FANGXIN_SMS_URL" placeholder:"URL" help:"Gateway for short messages (docs/channels.md); empty: none."`
	SMSKey     string `name:"sms-key" env:"FANGXIN_SMS_KEY" placeholder:"SECRET" help:"Secret that gateway and site share: whsec_ and 24 to 64 bytes in base64."`
	SMSSign    string `name:"sms-sign" env:"FANGXIN_SMS_SIGN" placeholder:"NAME" help:"Name that stands before every short message."`

	WebhookPrivate string `name:"webhook-private" env:"FANGXIN_WEBHOOK_PRIVATE" default:"refuse" placeholder:"WAY" help:"refuse, or allow webhooks to private addresses and without TLS."`
	Files          string `env:"FANGXIN_FILES" help:"Folder of files that people send in, the same for every node; empty: files in the data folder."`
	Uploads        string `env:"FANGXIN_UPLOADS" placeholder:"LIMITS" help:"What may be sent in: picture=20 document=20 sound=50 video=200 case=1024 (MB), files=60; what is not named stays."`
	Clamd          string `env:"FANGXIN_CLAMD" placeholder:"ADDRESS" help:"Virus scanner that files pass before anybody gets them: tcp://host:3310 or unix:///path; empty: none."`

	SessionIdle time.Duration `env:"FANGXIN_SESSION_IDLE" default:"1h" help:"An officer's session that is not used for so long is over: 5m to 24h."`
	SignInCodes string        `name:"sign-in-codes" env:"FANGXIN_SIGN_IN_CODES" placeholder:"ROLES" help:"Roles that sign in with an authenticator's code beside the password, separated by commas; others may."`
	OIDCIssuer  string        `name:"oidc-issuer" env:"FANGXIN_OIDC_ISSUER" placeholder:"URL" help:"OpenID provider at which officers may sign in as well, exactly as it calls itself; empty: none. Needs site-address."`
	OIDCClient  string        `name:"oidc-client" env:"FANGXIN_OIDC_CLIENT" placeholder:"ID" help:"As which client the provider knows this site; it sends people back to /desk/sign-in/back."`
	OIDCSecret  string        `name:"oidc-secret" env:"FANGXIN_OIDC_SECRET" placeholder:"SECRET" help:"The client's secret, or file:PATH of a file that holds it; empty: a public client."`
	OIDCClaim   string        `name:"oidc-claim" env:"FANGXIN_OIDC_CLAIM" default:"sub" placeholder:"CLAIM" help:"The claim by which a user is known: sub, email (counts only when verified), or another that nobody can give himself there."`
	OIDCFactors string        `name:"oidc-factors" env:"FANGXIN_OIDC_FACTORS" placeholder:"VALUES" help:"Values of amr or acr that say that the provider asked for a second step, separated by commas: ours is not asked then."`
	OIDCName    string        `name:"oidc-name" env:"FANGXIN_OIDC_NAME" placeholder:"NAME" help:"What the button of the provider calls it."`
	SessionTerm time.Duration `env:"FANGXIN_SESSION_TERM" default:"12h" help:"Every officer's session is over after so long: 5m to 168h."`

	KeepAnswers  int `env:"FANGXIN_KEEP_ANSWERS" default:"30" help:"Days for which a repeated request gets its first answer again; 0: for ever."`
	KeepMessages int `env:"FANGXIN_KEEP_MESSAGES" default:"90" help:"Days for which the row of a delivered message stays; 0: for ever."`

	origins map[string]string
}

// known are the environment variables that mean something; any other that
// begins with FANGXIN_ is a mistake.
var known = []string{"FANGXIN_CONFIG", "FANGXIN_DATA", "FANGXIN_DATABASE_URL", "FANGXIN_REDIS_URL", "FANGXIN_POLICY", "FANGXIN_KEY", "FANGXIN_SIGNING_KEY", "FANGXIN_BACKUP_RECIPIENT", "FANGXIN_LISTEN",
	"FANGXIN_CLIENT_ADDRESS", "FANGXIN_TRUSTED_PROXIES", "FANGXIN_RATE_LIMITS", "FANGXIN_METRICS_LISTEN", "FANGXIN_SITE_ADDRESS", "FANGXIN_SITE_FILINGS", "FANGXIN_WEBHOOK_PRIVATE", "FANGXIN_SESSION_IDLE", "FANGXIN_SIGN_IN_CODES", "FANGXIN_OIDC_ISSUER", "FANGXIN_OIDC_CLIENT", "FANGXIN_OIDC_SECRET", "FANGXIN_OIDC_CLAIM", "FANGXIN_OIDC_FACTORS", "FANGXIN_OIDC_NAME", "FANGXIN_SESSION_TERM", "FANGXIN_KEEP_ANSWERS", "FANGXIN_KEEP_MESSAGES", "FANGXIN_MAIL_URL", "FANGXIN_MAIL_FROM", "FANGXIN_BOUNCES_URL", "FANGXIN_SMS_URL", "FANGXIN_SMS_KEY", "FANGXIN_SMS_SIGN",
	"FANGXIN_FILES", "FANGXIN_UPLOADS", "FANGXIN_CLAMD"}

// testOnly are those of the project's own tests and benches.
var testOnly = []string{"FANGXIN_TEST_", "FANGXIN_BENCH_", "FANGXIN_CHAOS", "FANGXIN_VICTIM"}

// resolveSettings refuses unknown environment variables and hands the settings
// file to the parser.
func resolveSettings(parser *kong.Kong, args []string) error {
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "FANGXIN_") && !slices.Contains(known, name) &&
			!slices.ContainsFunc(testOnly, func(p string) bool { return strings.HasPrefix(name, p) }) {
			return fmt.Errorf("%s: no such setting (fangxin config lists them)", name)
		}
	}
	path := os.Getenv("FANGXIN_CONFIG")
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			path = v
		} else if a == "--config" && i+1 < len(args) {
			path = args[i+1]
		}
	}
	if path == "" {
		return nil
	}
	values, err := settingsFile(path)
	if err != nil {
		return err
	}
	// kong's resolvers beat the environment: stay silent where it speaks.
	return kong.Resolvers(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, f *kong.Flag) (any, error) {
		for _, env := range f.Envs {
			if _, set := os.LookupEnv(env); set {
				return nil, nil
			}
		}
		if v, ok := values[f.Name]; ok {
			return v, nil
		}
		return nil, nil
	})).Apply(parser)
}

var fileKeys = []string{"data", "database-url", "redis-url", "policy", "key", "signing-key", "backup-recipient", "listen", "client-address", "trusted-proxies", "rate-limits", "metrics-listen", "site-address", "site-filings", "webhook-private", "session-idle", "sign-in-codes", "oidc-issuer", "oidc-client", "oidc-secret", "oidc-claim", "oidc-factors", "oidc-name", "session-term", "keep-answers", "keep-messages", "mail-url", "mail-from", "bounces-url", "sms-url", "sms-key", "sms-sign", "files", "uploads", "clamd"}

func settingsFile(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("settings file: %w", err)
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: a list of `key: value` is expected", path)
	}
	values := map[string]string{}
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], pairs[i+1]
		_, twice := values[key.Value]
		switch {
		case !slices.Contains(fileKeys, key.Value):
			return nil, fmt.Errorf("%s:%d: %s is not a setting: %s", path, key.Line, key.Value, strings.Join(fileKeys, ", "))
		case twice:
			return nil, fmt.Errorf("%s:%d: %s stands there twice", path, key.Line, key.Value)
		case value.Kind != yaml.ScalarNode:
			return nil, fmt.Errorf("%s:%d: %s takes one value", path, value.Line, key.Value)
		}
		values[key.Value] = value.Value
	}
	return values, nil
}

// origins says where each setting came from.
func origins(ctx *kong.Context) map[string]string {
	out := map[string]string{}
	resolved := map[string]bool{}
	for _, p := range ctx.Path {
		if p.Flag != nil {
			if p.Resolved {
				resolved[p.Flag.Name] = true
			} else {
				out[p.Flag.Name] = "flag"
			}
		}
	}
	for _, group := range ctx.Model.AllFlags(true) {
		for _, f := range group {
			if out[f.Name] != "" {
				continue
			}
			out[f.Name] = "default"
			for _, env := range f.Envs {
				if _, set := os.LookupEnv(env); set {
					out[f.Name] = "environment " + env
				}
			}
			if resolved[f.Name] && out[f.Name] == "default" {
				out[f.Name] = "file"
			}
		}
	}
	return out
}

// ConfigCmd prints every setting.
type ConfigCmd struct{}

// Run prints name, value and origin; of keys only that there is one.
func (c *ConfigCmd) Run(g *Globals) error {
	s := g.Settings
	hidden := func(secret string) string {
		if secret != "" {
			return "(set)"
		}
		return ""
	}
	for _, row := range [][2]string{{"config", s.File}, {"data", s.Data}, {"database-url", hidePassword(s.DatabaseURL)}, {"redis-url", hidePassword(s.RedisURL)},
		{"policy", s.Policy}, {"key", hidden(s.Key)}, {"signing-key", hidden(s.SigningKey)}, {"backup-recipient", s.Recipient}, {"listen", s.Listen}, {"client-address", s.ClientAddress}, {"trusted-proxies", s.TrustedProxies},
		{"rate-limits", s.RateLimits}, {"metrics-listen", s.MetricsListen}, {"site-address", s.SiteAddress}, {"site-filings", s.SiteFilings}, {"webhook-private", s.WebhookPrivate},
		{"mail-url", hidePassword(s.MailURL)}, {"mail-from", s.MailFrom}, {"bounces-url", hidePassword(s.BouncesURL)}, {"sms-url", s.SMSURL}, {"sms-key", hidden(s.SMSKey)}, {"sms-sign", s.SMSSign},
		{"sign-in-codes", s.SignInCodes},
		{"oidc-issuer", s.OIDCIssuer}, {"oidc-client", s.OIDCClient}, {"oidc-secret", hidden(s.OIDCSecret)}, {"oidc-claim", s.OIDCClaim}, {"oidc-factors", s.OIDCFactors}, {"oidc-name", s.OIDCName},
		{"session-idle", s.SessionIdle.String()}, {"session-term", s.SessionTerm.String()},
		{"keep-answers", strconv.Itoa(s.KeepAnswers)}, {"keep-messages", strconv.Itoa(s.KeepMessages)},
		{"files", s.Files}, {"uploads", s.Uploads}, {"clamd", s.Clamd}} {
		fmt.Fprintf(g.Out, "%-16s %-40q %s\n", row[0], row[1], s.origins[row[0]])
	}
	return s.check()
}

func hidePassword(url string) string {
	head, rest, found := strings.Cut(url, "://")
	user, host, at := strings.Cut(rest, "@")
	if !found || !at {
		return url
	}
	name, _, _ := strings.Cut(user, ":")
	return head + "://" + name + "@" + host
}

// check refuses settings that cannot work, with the key named.
func (s *Settings) check() error {
	if err := jobs.ParseRedis(s.RedisURL); s.RedisURL != "" && err != nil {
		return errUse{fmt.Errorf("redis-url (FANGXIN_REDIS_URL): %w", err)}
	}
	for _, r := range s.codeRoles() {
		if !slices.Contains(store.UserRoles, r) {
			return errUse{fmt.Errorf("sign-in-codes (FANGXIN_SIGN_IN_CODES): %q is none of %s", r, strings.Join(store.UserRoles, ", "))}
		}
	}
	outside := func(d, most time.Duration) bool { return d != 0 && (d < 5*time.Minute || d > most) }
	if outside(s.SessionIdle, 24*time.Hour) || outside(s.SessionTerm, 7*24*time.Hour) {
		return errUse{errors.New("session-idle, session-term (FANGXIN_SESSION_IDLE, FANGXIN_SESSION_TERM): 5m to 24h, and 5m to 168h")}
	}
	if s.KeepAnswers < 0 || s.KeepMessages < 0 {
		return errUse{errors.New("keep-answers, keep-messages (FANGXIN_KEEP_ANSWERS, FANGXIN_KEEP_MESSAGES): a number of days, or 0")}
	}
	if _, err := s.uploads(); err != nil {
		return errUse{fmt.Errorf("uploads (FANGXIN_UPLOADS): %w", err)}
	}
	if _, _, err := jobs.ParseClamd(s.Clamd); s.Clamd != "" && err != nil {
		return errUse{fmt.Errorf("clamd (FANGXIN_CLAMD): %w", err)}
	}
	if s.DatabaseURL != "" && !strings.HasPrefix(s.DatabaseURL, "postgres://") && !strings.HasPrefix(s.DatabaseURL, "postgresql://") {
		return errUse{errors.New("database-url (FANGXIN_DATABASE_URL): write postgres://user@host/name, or leave it empty for SQLite")}
	}
	if s.RateLimits != "on" && s.RateLimits != "off" {
		return errUse{errors.New("rate-limits (FANGXIN_RATE_LIMITS): on or off")}
	}
	if !slices.Contains([]string{"", "refuse", "allow"}, s.WebhookPrivate) {
		return errUse{errors.New("webhook-private (FANGXIN_WEBHOOK_PRIVATE): refuse or allow")}
	}
	if _, err := s.site(); err != nil {
		return err
	}
	if _, err := s.provider(); err != nil {
		return err
	}
	if _, err := s.outside(channel.Marks{}, time.Now); err != nil {
		return err
	}
	if s.ClientAddress == "" && s.TrustedProxies == "" { // only who serves must choose
		return nil
	}
	_, err := s.clients()
	return err
}

// site is what the pages say of the place that they are served from.
func (s *Settings) site() (handlers.Site, error) {
	out := handlers.Site{Address: strings.TrimSuffix(s.SiteAddress, "/")}
	u, err := url.Parse(out.Address)
	if out.Address != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil) {
		return out, errUse{errors.New("site-address (FANGXIN_SITE_ADDRESS): write https://example.cn, without a path")}
	}
	for f := range strings.SplitSeq(s.SiteFilings, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out.Filings = append(out.Filings, f)
		}
	}
	return out, nil
}

// clients reads where a client's address comes from. Who is served from outside
// this machine must say so: behind a proxy every client would have the proxy's
// address, and without one a client could write whatever he likes.
func (s *Settings) clients() (handlers.Clients, error) {
	way := s.ClientAddress
	if way == "" {
		if !onlyHere(s.Listen) {
			return handlers.Clients{}, errUse{fmt.Errorf("client-address (FANGXIN_CLIENT_ADDRESS): %s can be reached from outside, so say where a client's address comes from: "+
				"direct when clients connect themselves; x-forwarded-for or x-real-ip behind a proxy, with trusted-proxies (FANGXIN_TRUSTED_PROXIES)", s.Listen)}
		}
		way = handlers.Direct
	}
	c, err := handlers.ParseClients(way, s.TrustedProxies)
	if err != nil {
		return c, errUse{fmt.Errorf("client-address, trusted-proxies (FANGXIN_CLIENT_ADDRESS, FANGXIN_TRUSTED_PROXIES): %w", err)}
	}
	return c, nil
}

// onlyHere reports whether an address to listen on is this machine's own.
func onlyHere(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// codeRoles are the roles that sign in with a code.
func (s *Settings) codeRoles() []string {
	return strings.FieldsFunc(s.SignInCodes, func(r rune) bool { return r == ',' || r == ' ' })
}

func (s *Settings) keyFile() string { return filepath.Join(s.Data, "key") }
