"""A Singer tap that replays what target-landing has landed."""
