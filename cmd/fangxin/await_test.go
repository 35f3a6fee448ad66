package main

import (
	"strings"
	"testing"
	"time"

	"fangxin/store/storetest"
)

// A node that starts before its database waits for it and then serves; one whose
// database refuses it says so and ends.
func TestANodeWaitsForItsDatabase(t *testing.T) {
	server := storetest.NewServer(t, "")
	dsn := server.Database()
	storetest.Open(t, dsn) // brings the tables
	server.Halt()
	n := storetest.NewNode(t, []string{"FANGXIN_DATABASE_URL=" + dsn, "FANGXIN_KEY=" + storetest.Key}, "--data", t.TempDir())
	for end := time.Now().Add(time.Minute); !strings.Contains(n.Said(), "not there yet"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not wait: %s", n.Said())
		}
	}
	server.Start()
	n.Ready()
	if code := n.Stop(); code != 0 {
		t.Errorf("stopped with %d: %s", code, n.Said())
	}
	nowhere := strings.Replace(dsn, storetest.Name(dsn), "nowhere", 1)
	out, err := storetest.Command([]string{"FANGXIN_DATABASE_URL=" + nowhere, "FANGXIN_KEY=" + storetest.Key}, "serve", "--data", t.TempDir()).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "nowhere") || strings.Contains(string(out), "not there yet") {
		t.Errorf("a database that does not exist: %v %s", err, out)
	}
}
