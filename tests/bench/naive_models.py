"""Patient, order and scheduled step, as one would first write them (see naive_scp.py)."""

from django.db import models


class Patient(models.Model):
    """A patient."""

    patient_id = models.CharField(max_length=64, unique=True)
    patient_name = models.CharField(max_length=200)
    birth_date = models.CharField(max_length=8)
    sex = models.CharField(max_length=1)
    weight = models.CharField(max_length=16)
    medical_alerts = models.CharField(max_length=64)
    allergies = models.CharField(max_length=64)

    class Meta:
        app_label = "naive"


class Order(models.Model):
    """An order of a patient."""

    patient = models.ForeignKey(Patient, models.CASCADE)
    accession = models.CharField(max_length=16, unique=True)
    referring = models.CharField(max_length=64)
    study_uid = models.CharField(max_length=64)
    procedure_id = models.CharField(max_length=16)
    procedure = models.CharField(max_length=64)
    procedure_code = models.CharField(max_length=16)
    priority = models.CharField(max_length=16)
    admission_id = models.CharField(max_length=64)
    location = models.CharField(max_length=64)

    class Meta:
        app_label = "naive"


class Step(models.Model):
    """A step of an order."""

    order = models.ForeignKey(Order, models.CASCADE)
    charset = models.CharField(max_length=64)
    station_ae = models.CharField(max_length=16)
    station_name = models.CharField(max_length=16)
    modality = models.CharField(max_length=16)
    start_date = models.CharField(max_length=8)
    start_time = models.CharField(max_length=6)
    performer = models.CharField(max_length=64)
    step_id = models.CharField(max_length=16)
    step = models.CharField(max_length=64)
    step_code = models.CharField(max_length=16)
    step_location = models.CharField(max_length=16)
    status = models.CharField(max_length=16)

    class Meta:
        app_label = "naive"
