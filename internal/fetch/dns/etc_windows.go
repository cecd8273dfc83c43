package dns

import (
	"os"
	"path/filepath"
)

// hasResolvConf is false: the servers are in the registry, by network adapter.
const hasResolvConf = false

func defaultEtc() string { return filepath.Join(os.Getenv("SystemRoot"), "System32", "drivers", "etc") }
