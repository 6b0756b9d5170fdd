"""Bodies of the pools of printers."""

from typing import Any

from rest_framework import serializers

from portal.serializers import row_id
from printing.models import PoolMember, PrintPool


class PoolMemberSerializer(serializers.ModelSerializer[PoolMember]):
    """A printer's place in a pool."""

    name = serializers.CharField(source="printer.name", read_only=True)

    class Meta:
        model = PoolMember
        fields = ("printer", "name", "rank")
        read_only_fields = fields


class PoolSerializer(serializers.ModelSerializer[PrintPool]):
    """Several printers behind one name."""

    printers = PoolMemberSerializer(source="members", many=True, read_only=True)

    class Meta:
        model = PrintPool
        fields = ("id", "name", "strategy", "is_accepting", "printers", "version")
        read_only_fields = fields


class PoolInput(serializers.Serializer[Any]):
    """A pool to set up."""

    name = serializers.CharField(max_length=64)
    printers = serializers.ListField(
        child=row_id(),
        source="printer_ids",
        allow_empty=False,
        max_length=100,
        help_text="`id` of each, in the order in which they are asked.",
    )
    strategy = serializers.ChoiceField(
        choices=PrintPool.Strategy.choices, default=PrintPool.Strategy.FAILOVER
    )
    is_accepting = serializers.BooleanField(default=True)


class PoolUpdate(PoolInput):
    """A pool as it is to be; with `version`, only while it is as it was seen."""

    version = serializers.IntegerField(required=False)
