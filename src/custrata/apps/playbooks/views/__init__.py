"""The pages of playbooks and tasks."""
