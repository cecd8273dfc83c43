package wget

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// shard is a part of the list: the targets whose index is number modulo count. The
// zero value is the whole list.
type shard struct{ number, count int }

func (s shard) isAll() bool { return s.count == 0 }

// step is how far apart the indexes of the shard's targets are.
func (s shard) step() int { return max(1, s.count) }

func (s shard) has(index int) bool { return index%s.step() == s.number }

// after is how many targets lie between index and the first of the shard from
// there on.
func (s shard) after(index int) int {
	return (s.number - index%s.step() + s.step()) % s.step()
}

// share is how many of the first n targets are the shard's.
func (s shard) share(n int) int {
	k := n / s.step()
	if n%s.step() > s.number {
		k++
	}
	return k
}

func (s shard) String() string { return fmt.Sprintf("shard %d of %d", s.number, s.step()) }

// shardFlag is a flag that reads i/n, auto/n or auto.
type shardFlag struct {
	text   string // as given
	auto   bool   // the engine says which shard
	number int
	count  int // 0 if the engine says how many
}

func (s *shardFlag) Type() string { return "I/N" }

func (s *shardFlag) String() string { return s.text }

func (s *shardFlag) Set(text string) error {
	if s.text != "" {
		return fmt.Errorf("a second shard, beside %s", s.text)
	}
	form := errors.New("a shard is I/N, as in 0/8 to 7/8; auto/N, or auto, in an array job")
	number, count, divided := strings.Cut(text, "/")
	var err error
	if divided {
		if s.count, err = strconv.Atoi(count); err != nil || s.count < 1 || s.count > math.MaxInt32 {
			return form
		}
	}
	if s.auto = number == "auto"; !s.auto {
		if s.number, err = strconv.Atoi(number); err != nil || s.number < 0 || !divided {
			return form
		}
		if s.number >= s.count {
			return fmt.Errorf("the shards of %d are 0/%[1]d to %d/%[1]d", s.count, s.count-1)
		}
	}
	s.text = text
	return nil
}

// engine is a program that runs array jobs. It tells each task its number in the
// environment.
type engine struct {
	name   string
	number string // the variable
	base   int    // the number of the first task
	count  string // the variable that says how many tasks there are, or ""
	unset  string // the value of number outside an array job
}

func engines() []engine {
	return []engine{
		{name: "Slurm", number: "SLURM_ARRAY_TASK_ID"},
		{name: "Kubernetes", number: "JOB_COMPLETION_INDEX"},
		{name: "AWS Batch", number: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE"},
		{name: "Cloud Run", number: "CLOUD_RUN_TASK_INDEX", count: "CLOUD_RUN_TASK_COUNT"},
		{name: "Google Batch", number: "BATCH_TASK_INDEX", count: "BATCH_TASK_COUNT"},
		{name: "PBS", number: "PBS_ARRAY_INDEX"},
		{name: "Grid Engine", number: "SGE_TASK_ID", base: 1, unset: "undefined"},
		{name: "LSF", number: "LSB_JOBINDEX", base: 1, unset: "0"},
	}
}

// shard is the part of the list that the flag means. env is the environment that
// an engine sets.
func (s *shardFlag) shard(env func(string) string) (shard, error) {
	if !s.auto {
		return shard{s.number, s.count}, nil
	}
	e, err := s.engine(env)
	if err != nil {
		return shard{}, err
	}
	count := s.count
	if text := env(e.count); e.count != "" && text != "" {
		stated, err := strconv.Atoi(text)
		switch {
		case err != nil || stated < 1:
			return shard{}, usage("--shard %s: %s is %q, which is no number of tasks: say --shard I/N", s.text, e.count, text)
		case count != 0 && count != stated:
			return shard{}, usage("--shard %s: %s is %d: leave it at --shard auto, or start %d tasks", s.text, e.count, stated, count)
		}
		count = stated
	}
	if count == 0 {
		return shard{}, usage("--shard auto: %s does not say how many tasks there are: say --shard auto/N", e.name)
	}
	number, err := strconv.Atoi(env(e.number))
	if number -= e.base; err != nil || number < 0 || number >= count {
		return shard{}, usage("--shard %s: %s is %q: number the tasks %d to %d", s.text, e.number, env(e.number), e.base, e.base+count-1)
	}
	return shard{number, count}, nil
}

// engine finds the one engine whose variable is set.
func (s *shardFlag) engine(env func(string) string) (engine, error) {
	var running []engine
	var known, set []string
	for _, e := range engines() {
		known = append(known, e.number)
		if value := env(e.number); value != "" && value != e.unset {
			running = append(running, e)
			set = append(set, e.number)
		}
	}
	switch len(running) {
	case 0:
		return engine{}, usage("--shard %s: no engine has set any of %s: say which shard, as in --shard 0/8", s.text, strings.Join(known, ", "))
	case 1:
		return running[0], nil
	}
	return engine{}, usage("--shard %s: %s are set at once: unset all but one, or say which shard, as in --shard 0/8", s.text, strings.Join(set, " and "))
}
