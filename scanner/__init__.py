"""drscan: agentless security and disaster-recovery compliance scanner."""

__version__ = "0.1.0"
