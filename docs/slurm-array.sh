#!/bin/sh
# An array of eight tasks, each with an eighth of the list:
#
#	sbatch slurm-array.sh -i hosts.txt --out headers -q
#
# A task whose node dies, or that is told to stop, is put into the queue again and
# goes on where it was.
#SBATCH --array=0-7 --requeue --open-mode=append --output=wget-%A-%a.log
exec wget --shard auto/8 "$@"
