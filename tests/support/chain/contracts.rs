//! What the tests call on iExec's hub: the side of requesters, workers and schedulers, which the program does not have.

use alloy_sol_types::sol;

sol! {
    #[derive(Default)]
    struct AppOrder {
        address app;
        uint256 appprice;
        uint256 volume;
        bytes32 tag;
        address datasetrestrict;
        address workerpoolrestrict;
        address requesterrestrict;
        bytes32 salt;
    }

    #[derive(Default)]
    struct WorkerpoolOrder {
        address workerpool;
        uint256 workerpoolprice;
        uint256 volume;
        bytes32 tag;
        uint256 category;
        uint256 trust;
        address apprestrict;
        address datasetrestrict;
        address requesterrestrict;
        bytes32 salt;
    }

    #[derive(Default)]
    struct RequestOrder {
        address app;
        uint256 appmaxprice;
        address dataset;
        uint256 datasetmaxprice;
        address workerpool;
        uint256 workerpoolmaxprice;
        address requester;
        uint256 volume;
        bytes32 tag;
        uint256 category;
        uint256 trust;
        address beneficiary;
        address callback;
        string params;
        bytes32 salt;
    }

    struct SignedAppOrder {
        address app;
        uint256 appprice;
        uint256 volume;
        bytes32 tag;
        address datasetrestrict;
        address workerpoolrestrict;
        address requesterrestrict;
        bytes32 salt;
        bytes sign;
    }

    #[derive(Default)]
    struct SignedDatasetOrder {
        address dataset;
        uint256 datasetprice;
        uint256 volume;
        bytes32 tag;
        address apprestrict;
        address workerpoolrestrict;
        address requesterrestrict;
        bytes32 salt;
        bytes sign;
    }

    struct SignedWorkerpoolOrder {
        address workerpool;
        uint256 workerpoolprice;
        uint256 volume;
        bytes32 tag;
        uint256 category;
        uint256 trust;
        address apprestrict;
        address datasetrestrict;
        address requesterrestrict;
        bytes32 salt;
        bytes sign;
    }

    struct SignedRequestOrder {
        address app;
        uint256 appmaxprice;
        address dataset;
        uint256 datasetmaxprice;
        address workerpool;
        uint256 workerpoolmaxprice;
        address requester;
        uint256 volume;
        bytes32 tag;
        uint256 category;
        uint256 trust;
        address beneficiary;
        address callback;
        string params;
        bytes32 salt;
        bytes sign;
    }

    struct AppOrderOperation {
        SignedAppOrder order;
        uint8 operation;
        bytes sign;
    }

    event OrdersMatched(bytes32 dealid, bytes32 appHash, bytes32 datasetHash, bytes32 workerpoolHash, bytes32 requestHash, uint256 volume);

    function matchOrders(
        SignedAppOrder app,
        SignedDatasetOrder dataset,
        SignedWorkerpoolOrder workerpool,
        SignedRequestOrder request
    ) returns (bytes32);
    function manageAppOrder(AppOrderOperation operation);
    function initialize(bytes32 dealid, uint256 idx) returns (bytes32);
    function contribute(
        bytes32 taskid,
        bytes32 resultHash,
        bytes32 resultSeal,
        address enclaveChallenge,
        bytes enclaveSign,
        bytes authorizationSign
    );
    function contributeAndFinalize(
        bytes32 taskid,
        bytes32 resultDigest,
        bytes results,
        bytes resultsCallback,
        address enclaveChallenge,
        bytes enclaveSign,
        bytes authorizationSign
    );
    function reveal(bytes32 taskid, bytes32 resultDigest);
    function finalize(bytes32 taskid, bytes results, bytes resultsCallback);
    function claim(bytes32 taskid);
    function transfer(address to, uint256 value) returns (bool);
}
