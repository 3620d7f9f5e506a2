"""The schema.org description of a page, with nothing in it that the page does not show.

https://schema.org/MedicalWebPage, https://schema.org/MedicalCondition, https://schema.org/FAQPage
"""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from conditions import richtext
from conditions.composing import Content
from conditions.models import Edition


def for_page(content: Content, *, edition: Edition, review: dict[str, Any]) -> list[SafeString]:
    """The descriptions of a condition's page: the page itself, and its questions when it has any."""
    descriptions = [medical_web_page(content, edition=edition, review=review)]
    if content["faqs"]:
        descriptions.append(faq_page(content["faqs"]))
    return [richtext.safe_json(description) for description in descriptions]


def medical_web_page(content: Content, *, edition: Edition, review: dict[str, Any]) -> dict[str, Any]:
    """The page as a MedicalWebPage about a MedicalCondition.

    A reviewer and a review date are claimed only while a clinician's approval is in date.
    """
    page = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": content["name"],
        "description": content["summary"],
        "url": settings.SITE_URL + reverse("conditions:detail", args=[content["slug"]]),
        "inLanguage": "en-GB",
        "about": medical_condition(content),
    }
    if edition.published_at:
        page["dateModified"] = review["published_on"].isoformat()
    if review["state"] == "reviewed":
        page["lastReviewed"] = review["reviewed_on"].isoformat()
        page["reviewedBy"] = {
            "@type": "Person",
            "name": review["reviewer"],
            "honorificSuffix": review["credentials"],
        }
    return page


def medical_condition(content: Content) -> dict[str, Any]:
    """The condition: its names, and the symptoms, treatments and risk factors that the page lists."""
    bodies = {part["kind"]: part["html"] for part in content["sections"]}
    condition: dict[str, Any] = {"@type": "MedicalCondition", "name": content["name"]}
    if content["aliases"]:
        condition["alternateName"] = content["aliases"]
    listed = {
        "signOrSymptom": ("MedicalSignOrSymptom", [tag["name"] for tag in content["tags"]["symptom"]]),
        "possibleTreatment": ("MedicalTherapy", richtext.points(bodies.get("treatment", ""))),
        "riskFactor": ("MedicalRiskFactor", richtext.points(bodies.get("risk-factors", ""))),
    }
    for name, (kind, values) in listed.items():
        if values:
            condition[name] = [{"@type": kind, "name": value} for value in values]
    return condition


def faq_page(faqs: list[dict[str, str]]) -> dict[str, Any]:
    """Questions and answers, word for word as on the page."""
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": faq["question"],
                "acceptedAnswer": {"@type": "Answer", "text": richtext.plain_text(faq["html"])},
            }
            for faq in faqs
        ],
    }
