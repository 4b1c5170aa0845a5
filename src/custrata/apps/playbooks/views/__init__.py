"""Pages of playbooks and tasks."""
