"""Asks a worklist with odil; run by the distribution's own Python: questions in, answers out."""

import json
import sys

import odil


def data_set(keys, form):
    """Our keys as odil writes them; `form` is how texts become bytes."""
    found = odil.DataSet()
    for keyword, value in keys.items():
        tag = getattr(odil.registry, keyword)
        if isinstance(value, list):
            found.add(tag, odil.Value.DataSets([data_set(item, form) for item in value]))
        elif value:
            found.add(tag, odil.Value.Strings(bytes.fromhex(part) for part in value.split("\\")))
        else:
            found.add(tag)
    return found


def texts(found, declared=()):
    """What odil understood: keyword -> text, or a list of items."""
    if found.has(odil.registry.SpecificCharacterSet):
        declared = found.as_string(odil.registry.SpecificCharacterSet)
    answer = {}
    for tag, _ in found.items():
        keyword = odil.registry.public_dictionary[odil.ElementsDictionaryKey(tag)].keyword
        if found.is_data_set(tag):
            items = () if found.empty(tag) else found.as_data_set(tag)
            answer[keyword] = [texts(item, declared) for item in items]
        elif found.empty(tag):
            answer[keyword] = [] if found.get_vr(tag) == odil.VR.SQ else ""
        else:
            is_name = found.get_vr(tag) == odil.VR.PN
            strings = odil.Value.Strings(declared) if declared else odil.Value.Strings()
            answer[keyword] = "\\".join(
                odil.as_unicode(value, strings, is_name).rstrip(" \0")
                for value in found.as_string(tag)
            )
    return answer


def main():
    """Read what to ask from standard input; print what came."""
    asked = json.load(sys.stdin)
    role = odil.AssociationParameters.PresentationContext.Role.SCU
    worklist = odil.registry.ModalityWorklistInformationModelFind
    context = odil.AssociationParameters.PresentationContext(1, worklist, [asked["syntax"]], role)
    association = odil.Association()
    association.set_peer_host("127.0.0.1")
    association.set_peer_port(asked["port"])
    parameters = association.update_parameters()
    parameters.set_calling_ae_title(asked["aet"]).set_called_ae_title("PORTAL")
    parameters.set_presentation_contexts([context])
    association.associate()
    replies = []
    for keys in asked["questions"]:
        scu = odil.FindSCU(association)
        scu.set_affected_sop_class(worklist)
        replies.append([texts(found) for found in scu.find(data_set(keys, asked["syntax"]))])
    association.release()
    json.dump(replies, sys.stdout)


main()
