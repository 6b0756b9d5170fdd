"""Why a job is in its state (PrintJob.state_reasons): words of IPP (RFC 8011 5.3.8), and ours."""

# pending
PRINTER_STOPPED = "printer-stopped"  # the printer is disabled, or says that it cannot print
CONNECTING = "connecting-to-device"  # it could not be reached; tried again by plan
MEDIA_NEEDED = "media-needed"  # it waits for film or paper
NO_SPACE = "resources-are-not-ready"  # our own disk is full
# pending-held
HELD = "job-hold-until-specified"
# processing
OUTGOING = "job-outgoing"
IN_DEVICE = "queued-in-device"  # every page accepted; the printer's own print jobs are followed
STOPPED_IN_DEVICE = "stopped-in-device"  # with IN_DEVICE: its own queue waits for a person; ours
# processing-stopped
UNKNOWN = "outcome-unknown"
FAILED_IN_DEVICE = "job-failed-in-device"
SUBSTITUTED = "attributes-substituted"
JOB_STOPPED = "job-stopped"  # the retry plan is used up
# completed
SENT = "sent-to-printer"
PRINTED = "printed"
WARNINGS = "warnings-detected"
# canceled, aborted
CANCELED = "job-canceled-by-user"
ABORTED = "aborted-by-system"
SEEN = "seen-by-a-person"  # somebody knows that it failed; ours
