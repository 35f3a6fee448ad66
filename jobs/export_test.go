package jobs

import "context"

// Ripe is for tests that do not run the whole runner.
func (p *Post) Ripe(ctx context.Context) error { return p.ripe(ctx) }
