package fetch_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine outlives the last result of All.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
