"""What a track's vectors mean: analysis parameters, statistics, the families' layout. No I/O."""
