// A scanner by dcmjs-dimse: asks for storage commitment, waits for the report on a listener of its
// own, and prints what it understood. What to ask stands on standard input; NODE_PATH says where the
// package is.
const { Client, Dataset, Scp, Server, association, constants, log, requests, responses } = require('dcmjs-dimse');

const COMMITMENT = '1.2.840.10008.1.20.1';
const EXPLICIT = '1.2.840.10008.1.2.1';
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const told = { status: null, comment: '', report: null, eventType: null, calling: '' };
log.setLevel('silent');

class Scanner extends Scp {
  associationRequested(requested) {
    this.association = requested;
    requested.getPresentationContexts().forEach(({ id }) => {
      const context = requested.getPresentationContext(id);
      const accepts = context.getAbstractSyntaxUid() === COMMITMENT;
      const { Accept, RejectAbstractSyntaxNotSupported } = constants.PresentationContextResult;
      context.setResult(accepts ? Accept : RejectAbstractSyntaxNotSupported, context.getTransferSyntaxUids()[0]);
    });
    this.sendAssociationAccept();
  }
  nEventReportRequest(request, callback) {
    told.eventType = request.getEventTypeId();
    told.report = request.getDataset().getElements();
    told.calling = this.association.getCallingAeTitle();
    const response = responses.NEventReportResponse.fromRequest(request);
    response.setStatus(constants.Status.Success);
    callback(response);
  }
  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
    finish();
  }
}

const server = new Server(Scanner);
const finish = () => {
  console.log(JSON.stringify(told));
  process.exit(0);
};
server.listen(asked.listen);

const client = new Client();
client.addAdditionalPresentationContext(new association.PresentationContext(0, COMMITMENT, EXPLICIT), true);
const request = new requests.NActionRequest(COMMITMENT, '1.2.840.10008.1.20.1.1', asked.actionType);
request.setDataset(new Dataset(asked.elements, EXPLICIT));
request.on('response', (response) => {
  told.status = response.getStatus();
  told.comment = response.getErrorComment();
});
client.addRequest(request);
client.on('networkError', (error) => {
  console.error(String(error));
  process.exit(1);
});
// A request that was refused brings no report.
client.on('closed', () => told.status === 0 || finish());
client.send('127.0.0.1', asked.port, asked.aet, 'PORTAL', { associationLingerTimeout: 0 });
