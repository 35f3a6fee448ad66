// Command fangxin is the whole engine in one binary: it wires the rooms and
// decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// Globals is what every subcommand is handed: where to write, the process's
// clock and the node's one time, and the settings.
type Globals struct {
	Out, Err io.Writer
	Now      func() time.Time
	time     *clock
	Context  context.Context
	*Settings
}

type cli struct {
	Settings `embed:""`

	Serve      ServeCmd      `cmd:"" help:"Serve the API and keep the deadlines."`
	Migrate    MigrateCmd    `cmd:"" help:"Bring the database to this version's schema."`
	Import     ImportCmd     `cmd:"" help:"Import complaints or merchants from CSV, XLSX or JSONL."`
	Export     ExportCmd     `cmd:"" help:"Export complaints for the national 12315 platform, as CSV."`
	Merchant   MerchantCmd   `cmd:"" help:"The merchant register."`
	Simulate   SimulateCmd   `cmd:"" help:"Live whole lives through the real engine, in virtual time."`
	Verify     VerifyCmd     `cmd:"" help:"Prove that nothing was missed or altered."`
	Statistics StatisticsCmd `cmd:"" help:"The numbers that the authority answers for, and what they are divided out of."`
	Deadline   DeadlineCmd   `cmd:"" help:"When does a period end, and why?"`
	Calendar   CalendarCmd   `cmd:"" help:"The working-day calendar."`
	Workflow   WorkflowCmd   `cmd:"" help:"Print the procedure as a diagram or a table."`
	User       UserCmd       `cmd:"" help:"People of the authority and their API tokens."`
	Erase      EraseCmd      `cmd:"" help:"Erase the personal data of a case; log and numbers stay."`
	Backup     BackupCmd     `cmd:"" help:"Back up beside a running server, encrypted; the keys of the cases apart."`
	Restore    RestoreCmd    `cmd:"" help:"Restore into an empty place, and repeat what was erased."`
	Keys       KeysCmd       `cmd:"" help:"Keys that sign receipts, and identities that open backups."`
	Channels   ChannelsCmd   `cmd:"" help:"How people are reached: a test of mail and short messages."`
	Jobs       JobsCmd       `cmd:"" help:"What is owed to whom: queues, dead messages."`
	Policy     PolicyCmd     `cmd:"" help:"The county's plan."`
	Config     ConfigCmd     `cmd:"" help:"Print every setting and where it came from."`
}

// errFinding is a check that found something: exit 1 without another word.
var errFinding = errors.New("")

// errUse is wrong use: exit 2.
type errUse struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, time.Now))
}

// run is the program without its process: exit 0 good, 1 a finding or failure,
// 2 wrong use.
func run(ctx context.Context, args []string, out, errs io.Writer, now func() time.Time) int {
	var c cli
	code := -1
	parser, err := kong.New(&c, kong.Name("fangxin"), kong.Writers(out, errs), kong.Exit(func(n int) { code = n }), kong.UsageOnError(),
		kong.Description("放心 Fangxin: the open engine for consumer complaint intake and mediation."), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errs, err)
		return 2
	}
	if err := resolveSettings(parser, args); err != nil {
		fmt.Fprintln(errs, "fangxin:", err)
		return 2
	}
	kctx, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(errs, "fangxin: %v (fangxin --help says more)\n", err)
		return 2
	}
	c.origins = origins(kctx)
	err = kctx.Run(&Globals{Out: out, Err: errs, Now: now, time: newClock(now), Context: ctx, Settings: &c.Settings})
	var use errUse
	switch {
	case err == nil:
		return 0
	case errors.As(err, &use):
		fmt.Fprintln(errs, "fangxin:", err)
		return 2
	case !errors.Is(err, errFinding):
		fmt.Fprintln(errs, "fangxin:", err)
	}
	return 1
}
