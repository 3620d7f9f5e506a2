"""The enums of the content: kinds of section and kinds of tag."""

from django.db import models


class SectionKind(models.TextChoices):
    """The subject of a section of a condition's page. The value is the section's id on the page."""

    OVERVIEW = "overview", "Overview"
    SYMPTOMS = "symptoms", "Symptoms"
    CAUSES = "causes", "Causes"
    RISK_FACTORS = "risk-factors", "Risk factors"
    TYPES = "types", "Types"
    WHO_IS_AFFECTED = "who-is-affected", "Who is affected"
    HOW_COMMON = "how-common", "How common it is"
    DIAGNOSIS = "diagnosis", "Diagnosis"
    PROCEDURE = "procedure", "Procedure"
    TREATMENT = "treatment", "Treatment"
    CURE = "cure", "Cure"
    SPECIALISTS = "specialists", "Specialists"
    PREPARING = "preparing", "Preparing for a visit"
    RECOVERY = "recovery", "Recovery"
    PROGNOSIS = "prognosis", "Prognosis"
    OUTLOOK = "outlook", "Outlook"
    COMPLICATIONS = "complications", "Complications"
    PREVENTION = "prevention", "Prevention"
    LIVING_WITH = "living-with", "Living with it"
    EPIDEMIOLOGY = "epidemiology", "Epidemiology"
    RESEARCH = "research", "Research"
    HISTORY = "history", "History"


class TagKind(models.TextChoices):
    """The filters of the list of conditions. The value is the name in the list's address."""

    SYMPTOM = "symptom", "Symptom"
    BODY_AREA = "body_area", "Body area"
    SPECIALTY = "specialty", "Specialty"
