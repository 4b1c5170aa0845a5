"""What people may do with the audit."""

from __future__ import annotations

from custrata.web.rights import Right

SEE_AUDIT = Right("see_audit", app="audit", order=190)
