package wget

import (
	"runtime/debug"
	"strings"
)

// version is the version of the build: a tag, a pseudo-version, or "devel".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
