"""Words for the codes that administrators read: permissions, rows, rules of retention, holds, webhooks, checks."""

from __future__ import annotations

from qa_pipeline.errors import N_

PERMISSIONS = {
    "account.own": N_("keep one's own account, sessions and tokens"),
    "contacts.read": N_("read contacts: what was said and what was found"),
    "audio.listen": N_("listen to recordings"),
    "contacts.review": N_("review contacts"),
    "reviews.read": N_("see who judged what, and how far reviewers agree"),
    "samples.read": N_("see samples"),
    "samples.draw": N_("draw samples"),
    "calibration.take": N_("take part in calibration sessions"),
    "calibration.manage": N_("open and close calibration sessions, hold criteria"),
    "scorecards.read": N_("read scorecards"),
    "scorecards.write": N_("change scorecards"),
    "templates.read": N_("read appraisal templates"),
    "templates.write": N_("change appraisal templates"),
    "kpis.read": N_("read indicators"),
    "kpis.import": N_("import indicators"),
    "evaluations.read": N_("read evaluations before they are published"),
    "evaluations.run": N_("evaluate a period"),
    "results.read": N_("read published results"),
    "periods.read": N_("see how far periods are"),
    "periods.manage": N_("open, close and publish periods"),
    "plans.read": N_("read goal plans"),
    "plans.propose": N_("propose goal plans"),
    "plans.answer": N_("confirm or dispute one's goal plan"),
    "appeals.read": N_("read appeals"),
    "appeals.file": N_("file appeals"),
    "appeals.decide": N_("decide on appeals"),
    "ratings.read": N_("read ratings"),
    "ratings.give": N_("give ratings"),
    "ratings.import": N_("import ratings"),
    "incidents.read": N_("read critical incidents"),
    "incidents.record": N_("record critical incidents"),
    "objectives.read": N_("read objectives"),
    "objectives.write": N_("write objectives"),
    "assignments.read": N_("read who has which role and team"),
    "assignments.write": N_("say who has which role and team"),
    "proposals.read": N_("read what is proposed to follow from results"),
    "proposals.decide": N_("decide on what is proposed"),
    "coaching.read": N_("read feedback talks and coaching"),
    "coaching.write": N_("prepare and hold feedback talks"),
    "suggestions.read": N_("read what agents suggest"),
    "suggestions.file": N_("suggest something to do better"),
    "suggestions.answer": N_("answer what agents suggest"),
    "coaching.overview": N_("see groups of agents for talks, and what coaches have to do"),
    "coaching.draw": N_("draw who on a waiting list begins first"),
    "coaching.answer": N_("answer in one's own feedback talks"),
    "reports.read": N_("read reports"),
    "figures.read": N_("read figures of groups: leavers and fairness"),
    "batches.run": N_("run batches"),
    "problems.read": N_("see what could not be scored"),
    "users.manage": N_("manage accounts"),
    "audit.read": N_("read the audit"),
    "retention.manage": N_("manage retention and legal holds"),
    "people.export": N_("export what is kept about a person"),
    "people.erase": N_("erase a person"),
    "webhooks.manage": N_("manage webhooks"),
    "system.read": N_("see the state of the system"),
}
ROWS = {
    "all": N_("all"),
    "site": N_("all, or the account's teams"),
    "teams": N_("the account's teams"),
    "own": N_("the own"),
}
RETENTION_RULES = {
    "contacts": N_("contacts with all that is kept of them"),
    "audio": N_("uploaded recordings"),
    "uploads": N_("other uploaded files"),
    "results": N_("results of old periods"),
    "traces": N_("ended sessions, answers, messages and jobs"),
    "risk": N_("predictions of risk, and old figures of personnel"),
    "erasure": N_("erased on demand"),
}
KEEPS = {
    "hold": N_("{count} under a legal hold"),
    "appeal": N_("{count} under an open appeal"),
    "period": N_("{count} in a period that is not ended"),
}
HOLD_KINDS = {
    "contact": N_("contact"),
    "agent": N_("agent"),
    "customer": N_("customer"),
    "queue": N_("queue"),
    "period": N_("period"),
}
WEBHOOK_KINDS = {
    "contact.red_line": N_("a contact crosses a red line"),
    "batch.finished": N_("a batch has ended"),
    "appeal.filed": N_("an appeal is filed"),
    "appeal.escalated": N_("an appeal goes to the second instance"),
    "appeal.decided": N_("an appeal is decided"),
    "criterion.held": N_("a criterion is held"),
    "criterion.released": N_("a criterion is released"),
    "webhook.test": N_("a test"),
}
DELIVERY_STATES = {"waiting": N_("waiting"), "delivered": N_("delivered"), "dead": N_("given up")}
CHECKS = {
    "database": N_("Database"),
    "schema": N_("Schema of the database"),
    "worker": N_("Queue of jobs"),
    "artifacts": N_("Folder of results"),
    "disk": N_("Disk"),
}
