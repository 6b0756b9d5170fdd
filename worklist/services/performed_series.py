"""Rows of Performed Series: replaced as a whole, as N-SET replaces sequences (PS3.4 F.7.2.2.2)."""

from collections.abc import Sequence

from worklist.models import PerformedInstance, PerformedProcedureStep, PerformedSeries
from worklist.services.bulk import rows_insert
from worklist.types.performed import SeriesValues

AT_ONCE_BY_UID = 500


def series_write(
    *, performed: PerformedProcedureStep, series: Sequence[SeriesValues], is_first: bool = False
) -> list[str]:
    """Make the rows say what the sequence says; return the series that it names no more.

    Rows that stay the same are not touched: a device may repeat a long list with every N-SET. Where
    `is_first` there are none yet.
    """
    rows = {} if is_first else {one.series_instance_uid: one for one in performed.series.all()}
    gone = sorted(rows.keys() - {one.series_instance_uid for one in series})
    wanted = {
        instance: (one.series_instance_uid, sop_class)
        for one in series
        for sop_class, instance in one.instances
    }
    known = _known(performed) if rows else {}
    _remove(performed, [uid for uid, what in known.items() if wanted.get(uid) != what], gone)
    made = _series_rows(performed, series, rows)
    new = [
        (made[series_uid].pk, number, sop_class, instance)
        for number, (instance, (series_uid, sop_class)) in enumerate(wanted.items(), start=1)
        if known.get(instance) != (series_uid, sop_class)
    ]
    if new:
        names = ("series", "number", "sop_class_uid", "sop_instance_uid")
        each = dict(zip(names, zip(*new, strict=True), strict=True))
        rows_insert(PerformedInstance, {"performed": performed.pk}, each)
    performed.image_count = len(wanted)
    return gone


def _known(performed: PerformedProcedureStep) -> dict[str, tuple[str, str]]:
    rows = PerformedInstance.objects.filter(performed=performed).values_list(
        "sop_instance_uid", "series__series_instance_uid", "sop_class_uid"
    )
    return {instance: (series, sop_class) for instance, series, sop_class in rows}


def _remove(performed: PerformedProcedureStep, instances: list[str], series: list[str]) -> None:
    for at in range(0, len(instances), AT_ONCE_BY_UID):
        some = instances[at : at + AT_ONCE_BY_UID]
        PerformedInstance.objects.filter(performed=performed, sop_instance_uid__in=some).delete()
    if series:
        PerformedSeries.objects.filter(performed=performed, series_instance_uid__in=series).delete()


def _series_rows(
    performed: PerformedProcedureStep,
    series: Sequence[SeriesValues],
    rows: dict[str, PerformedSeries],
) -> dict[str, PerformedSeries]:
    """Write the series themselves; return them by UID."""
    new = []
    for number, one in enumerate(series, start=1):
        row = rows.get(one.series_instance_uid)
        values = {
            "number": number,
            "description": one.description,
            "protocol_name": one.protocol_name,
            "performing_physician_name": one.performing_physician_name,
            "operators_name": one.operators_name,
            "retrieve_ae_title": one.retrieve_ae_title,
            "image_count": len(one.instances),
        }
        if row is None:
            uid = one.series_instance_uid
            new.append(PerformedSeries(performed=performed, series_instance_uid=uid, **values))
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
    made = PerformedSeries.objects.bulk_create(new)
    return rows | {row.series_instance_uid: row for row in made}
